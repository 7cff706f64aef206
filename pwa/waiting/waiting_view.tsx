/** Waiting to send: each wish as it waits, each answer until it is put away. */
import { account } from '../app/account.ts';
import { Answered } from '../components/answer.tsx';
import { Icon } from '../components/icon.tsx';
import { Empty, SignInFirst, State } from '../components/parts.tsx';
import { takeBack } from '../components/wishing.ts';
import { frame, signInFirst } from '../words/common.ts';
import { named } from '../words/outcomes.ts';
import { waiting as words } from '../words/waiting.ts';

export default function WaitingView() {
  const wishes = account.waiting.value;
  const answers = account.answers.value;
  const now = account.now();
  if (account.status.value === 'signed-out') {
    return (
      <>
        <h1 tabIndex={-1}>{words.title}</h1>
        <SignInFirst words={signInFirst} way={frame.signIn} />
      </>
    );
  }
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        {wishes.length > 0 && <p>{words.lead(wishes.length)}</p>}
      </div>
      {wishes.length + answers.length === 0 && <Empty {...words.empty} href="/loans" />}
      {wishes.length > 0 && (
        <ol class="pile">
          {wishes.map((wish, i) => {
            const what = named(wish, now);
            return (
              <li class="wish stack" key={wish.u}>
                <h2>{`${i + 1}. ${what}`}</h2>
                <p class="soft">{words.asked(wish.at, now)}</p>
                <State tone="pencil" first={words.waits}>
                  {words.looked(account.heardAt.value, now)} {wish.until !== null && words.ends(wish.until, now)}
                </State>
                <p class="acts">
                  <button type="button" class="btn" onClick={() => void takeBack(wish, now)}>
                    {words.withdraw(what)}
                  </button>
                </p>
              </li>
            );
          })}
        </ol>
      )}
      {wishes.length > 0 && (
        <p class="acts fill">
          <button type="button" class="btn main" onClick={() => void account.sendNow()}>
            <Icon name="up" />
            {words.send(wishes.length)}
          </button>
        </p>
      )}
      {answers.length > 0 && (
        <section>
          <h2 class="head">{words.answers}</h2>
          <ul class="pile">
            {answers.map((answer) => (
              <li key={answer.u}>
                <Answered answer={answer} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
