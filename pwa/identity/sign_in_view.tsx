/** Sign in: one tap in a demo, card and one-time code elsewhere. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { account } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import type { DemoPatron } from '../app/facts.ts';
import { navigate } from '../app/router.ts';
import { signIn as words } from '../words/identity.ts';

export default function SignInView() {
  const [patrons, setPatrons] = useState<DemoPatron[] | null | undefined>(undefined);
  const [trouble, setTrouble] = useState('');
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void account.demoPatrons().then(setPatrons);
  }, []);
  useEffect(() => {
    if (trouble) summary.current?.focus();
  }, [trouble]);

  function arrived(): void {
    announce(words.welcome);
    navigate('/');
  }
  async function be(patron: DemoPatron): Promise<void> {
    setTrouble('');
    const told = await account.signIn(patron.id);
    if (told === 'in') arrived();
    else setTrouble(words[told]);
  }
  async function withCode(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const card = String(form.get('card') ?? '').trim();
    const code = String(form.get('code') ?? '').trim();
    setTrouble('');
    if (!card || !code) {
      setTrouble(words.missing);
      return;
    }
    const told = await account.signInWithCode(card, code);
    if (told === 'in') arrived();
    else setTrouble(words[told]);
  }
  return (
    <div class="narrow stack-l">
      <h1 tabIndex={-1}>{words.title}</h1>
      {account.cleared.value && <p class="sheet">{words.cleared}</p>}
      {trouble && (
        <div class="error-list" role="alert" tabIndex={-1} ref={summary} aria-labelledby="h-trouble">
          <h2 id="h-trouble">{words.summary}</h2>
          <p id="trouble">{patrons?.length ? trouble : <a href="#card">{trouble}</a>}</p>
        </div>
      )}
      {patrons && patrons.length > 0 && (
        <>
          <p>{words.demo}</p>
          <ul class="pile">
            {patrons.map((each, i) => (
              <li class="sheet stack" key={each.id}>
                <p>{each.about}</p>
                <p class="acts">
                  <button type="button" class={i === 0 ? 'btn main' : 'btn'} onClick={() => void be(each)}>
                    {words.as(each.name)}
                  </button>
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
      {patrons === null && <p class="sheet">{words.unreachable}</p>}
      {patrons && patrons.length === 0 && (
        <form class="stack-l" noValidate onSubmit={(event) => void withCode(event)}>
          <p>{words.code}</p>
          <div class="field">
            <label for="card">{words.card}</label>
            <input id="card" name="card" type="text" inputMode="text" autocomplete="username" aria-required="true" {...(trouble ? { 'aria-describedby': 'trouble' } : {})} />
          </div>
          <div class="field">
            <label for="code">{words.codeField}</label>
            <input id="code" name="code" type="text" autocomplete="one-time-code" aria-required="true" {...(trouble ? { 'aria-describedby': 'trouble' } : {})} />
          </div>
          <p class="acts fill">
            <button type="submit" class="btn main">
              {words.go}
            </button>
          </p>
        </form>
      )}
    </div>
  );
}
