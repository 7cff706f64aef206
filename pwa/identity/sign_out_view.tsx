/** Sign out: what waits is sent first; what cannot be sent is shown before anything is given up. */
import { useState } from 'preact/hooks';
import { account, type Wish } from '../app/account.ts';
import { Empty } from '../components/parts.tsx';
import { signOut as words } from '../words/identity.ts';
import { named } from '../words/outcomes.ts';

export default function SignOutView() {
  const [left, setLeft] = useState<Wish[]>([]);
  const [busy, setBusy] = useState(false);
  const [noRoom, setNoRoom] = useState(false);
  const now = account.now();
  if (account.status.value === 'signed-out') {
    return (
      <>
        <h1 tabIndex={-1}>{words.title}</h1>
        <Empty {...words.out} href="/sign-in" />
      </>
    );
  }
  async function out(choice: 'ask' | 'discard'): Promise<void> {
    setBusy(true);
    const told = await account.signOut(choice);
    setLeft(told.left);
    setNoRoom(told.noRoom ?? false);
    setBusy(false);
  }
  const waits = left.length ? account.waiting.value : [];
  return (
    <div class="narrow stack-l">
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p>{words.lead}</p>
      </div>
      {noRoom && (
        <p class="sheet" role="alert">
          {words.noRoom}
        </p>
      )}
      {waits.length === 0 ? (
        <p class="acts fill">
          <button type="button" class="btn main" aria-disabled={busy} onClick={() => void (busy || out('ask'))}>
            {words.go}
          </button>
        </p>
      ) : (
        <section class="outcome stack" role="alert">
          <h2>{words.waits(waits.length)}</h2>
          <p>{words.waitsText}</p>
          <ul class="ruled">
            {waits.map((wish) => (
              <li key={wish.u}>{named(wish, now)}</li>
            ))}
          </ul>
          <p class="acts">
            <button type="button" class="btn main" onClick={() => void out('ask')}>
              {words.send}
            </button>
            <a class="btn" href="/">
              {words.stay}
            </a>
            <button type="button" class="btn" onClick={() => void out('discard')}>
              {words.discard(waits.length)}
            </button>
          </p>
        </section>
      )}
    </div>
  );
}
