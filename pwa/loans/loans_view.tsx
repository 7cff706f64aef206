/** Loans: what goes back first, then what is safe; why one does not renew is said before any tap. */
import { useState } from 'preact/hooks';
import { account, type Kept } from '../app/account.ts';
import type { LoanFact, Renew } from '../app/facts.ts';
import { Icon } from '../components/icon.tsx';
import { AnsweredHere } from '../components/answer.tsx';
import { Empty, SignInFirst, Stamp, State, Trouble } from '../components/parts.tsx';
import { takeBack, wish } from '../components/wishing.ts';
import { frame, signInFirst } from '../words/common.ts';
import { dayOf, stampOf, when } from '../words/dates.ts';
import { kind, loans as words, why } from '../words/loans.ts';
import { isEnd } from '../words/outcomes.ts';

function renew({ id, version, body }: Kept<LoanFact>, waits: string): Promise<string> {
  return wish('loans.renew@1', { loan: id, due_on: body.due_on } satisfies Renew, { title: body.title, due_on: body.due_on }, waits, { base: { [`loans:${id}`]: version } });
}

export default function LoansView() {
  const [trouble, setTrouble] = useState<Record<string, string>>({});
  const now = account.now();
  const today = dayOf(now);
  if (account.status.value === 'signed-out') {
    return (
      <>
        <h1 tabIndex={-1}>{words.title}</h1>
        <SignInFirst words={signInFirst} way={frame.signIn} />
      </>
    );
  }
  const loans = [...account.loans.value].sort((a, b) => a.body.due_on.localeCompare(b.body.due_on) || a.body.title.localeCompare(b.body.title));
  const safe = loans.filter((each) => each.body.state === 'on_loan' && (each.body.renews_itself || each.body.renewal.can));
  const back = loans.filter((each) => !safe.includes(each));
  const able = loans.filter((each) => each.body.renewal.can && !each.wish && (!each.answer || isEnd(each.answer)));
  const silent = [...account.systems.value].filter(([, { silent_since }]) => silent_since !== null);
  async function ask(asked: Kept<LoanFact>[]): Promise<void> {
    const told: Record<string, string> = {};
    // Many at once are said in one sentence, after the last.
    for (const [i, each] of asked.entries()) {
      told[each.id] = await renew(each, asked.length === 1 ? words.kept(each.body.title) : i === asked.length - 1 ? words.keptMany(asked.length) : '');
    }
    setTrouble(told);
  }
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        {loans.length > 0 && <p>{words.summary(loans.length, back.length, safe.length)}</p>}
      </div>
      {silent.map(([id, { heard_at }]) => (
        <State key={id} tone="slate" first={words.silent(words.system[id])}>
          {words.silentRest(heard_at === null ? null : when(heard_at, now))}
        </State>
      ))}
      {loans.length === 0 && !silent.some(([, { heard_at }]) => heard_at === null) && <Empty {...words.empty} href="/search" />}
      {able.length > 1 && (
        <p class="acts fill">
          <button type="button" class="btn main" onClick={() => void ask(able)}>
            <Icon name="book" />
            {words.renewAll(able.length)}
          </button>
        </p>
      )}
      {back.length > 0 && (
        <section>
          <h2 class="head">{words.back}</h2>
          <ul class="pile duo">
            {back.map((each) => (
              <Loan key={each.id} loan={each} today={today} now={now} trouble={trouble[each.id] ?? ''} ask={ask} />
            ))}
          </ul>
        </section>
      )}
      {safe.length > 0 && (
        <section>
          <h2 class="head">{words.safe}</h2>
          <ul class="pile duo">
            {safe.map((each) => (
              <Loan key={each.id} loan={each} today={today} now={now} trouble={trouble[each.id] ?? ''} ask={ask} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Loan({ loan, today, now, trouble, ask }: { loan: Kept<LoanFact>; today: string; now: number; trouble: string; ask: (asked: Kept<LoanFact>[]) => Promise<void> }) {
  const { body, wish, answer } = loan;
  const system = account.systems.value.get(body.system);
  /** The library has asked for it, and is waiting too. */
  const asked = answer !== null && !isEnd(answer);
  const overdue = body.state === 'overdue' || body.state === 'requested_overdue';
  const goes = body.state !== 'on_loan' || !(body.renews_itself || body.renewal.can);
  const [strong, rest] = overdue ? words.wasDue(body.due_on, today) : goes ? words.returnBy(body.due_on, today) : words.safeUntil(body.due_on, today);
  return (
    <li class={wish ? 'wish with-stamp' : 'sheet with-stamp'}>
      <Stamp tone={wish ? 'pencil' : goes ? 'clay' : ''} lines={stampOf(body.due_on)} />
      <div class="stack">
        <h3>{body.title}</h3>
        <p class="soft">
          {[body.author, kind[body.kind]].filter(Boolean).join(', ')}
        </p>
        {body.state === 'lost' ? (
          <p>
            <strong>{words.lost}</strong>
          </p>
        ) : (
          <p>
            <strong>{strong}</strong>
            {rest}
          </p>
        )}
      </div>
      <div class="wide stack">
        {!wish && !goes && body.renews_itself && <p>{words.renewsItself(body.keep_until)}</p>}
        {!body.renewal.can && body.renewal.why && !wish && (body.renewal.why !== 'too_soon' || goes) && (
          <State tone="clay" first={words.doesNot}>
            {why[body.renewal.why]}
          </State>
        )}
        {body.renewal.why === 'too_soon' && !goes && !wish && <p class="soft">{why.too_soon}</p>}
        {wish && (
          <State tone="pencil" first={body.renewal.can ? words.waits : words.mayFail}>
            {words.waitsRest(when(wish.at, now))}
          </State>
        )}
        {answer && <AnsweredHere answer={answer} />}
        <Trouble said={trouble} />
        {system && system.heard_at !== null && <p class="soft">{words.lastAnswer(words.system[body.system], when(system.heard_at, now))}</p>}
        {(wish || (body.renewal.can && !asked)) && (
          <p class="acts">
            {wish ? (
              <button type="button" class="btn" onClick={() => void takeBack(wish, now)}>
                {words.withdraw(body.title)}
              </button>
            ) : (
              <button type="button" class="btn" onClick={() => void ask([loan])}>
                {words.renew(body.title)}
              </button>
            )}
          </p>
        )}
      </div>
    </li>
  );
}
