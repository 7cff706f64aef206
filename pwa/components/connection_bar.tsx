/** One line of truth about the network, in the flow of the page. */
import { useEffect, useRef } from 'preact/hooks';
import { account, type Connection } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import { path } from '../app/router.ts';
import { connection, frame, signedOutBar, waitingLink } from '../words/common.ts';
import { Icon } from './icon.tsx';

/** A network that comes and goes is not worth a word; one that stays away is. Milliseconds. */
const LASTS_MS = 3_000;

/** What the reader can do is the same in some of these; while it sends, nobody knows yet. */
const ALIKE: Record<Exclude<Connection, 'sending'>, string> = {
  online: 'there', offline: 'away', unreachable: 'away', 'sign-in-again': 'sign-in-again', 'update-needed': 'update-needed',
};

/** Say once that the library can no longer be reached, and that it can again; not what was so from the start. */
function useSaidAloud(): void {
  const told = account.connection.value;
  const said = useRef('');
  const awayFrom = useRef(0);
  const now = account.status.value === 'signed-out' ? '' : told === 'sending' ? said.current : ALIKE[told];
  useEffect(() => {
    if (now === said.current) return;
    if (!now || !said.current) {
      said.current = now;
      return;
    }
    if (now === 'away') awayFrom.current = account.now();
    const lasts = setTimeout(() => {
      said.current = now;
      const { first, rest } = connection[told](account.heardAt.peek(), account.now());
      if (now !== 'there') announce(`${first} ${rest}`);
      // Answers to what waited have told it already.
      else if (!account.answers.peek().some((each) => each.answered_at >= awayFrom.current)) announce(first);
    }, LASTS_MS);
    return () => clearTimeout(lasts);
  }, [now]);
}

export function ConnectionBar() {
  const told = account.connection.value;
  useSaidAloud();
  const waits = account.waiting.value.length;
  if (account.status.value === 'signed-out') {
    return (
      <section class="conn" aria-label={frame.connection}>
        <p>
          <Icon name="person" />
          <span>{signedOutBar}</span>
        </p>
        {path.value !== '/sign-in' && <a href="/sign-in">{frame.signIn}</a>}
      </section>
    );
  }
  const { first, rest } = connection[told](account.heardAt.value, account.now());
  const tone = { online: '', offline: 'offline', sending: 'sending', unreachable: 'offline', 'sign-in-again': 'failed', 'update-needed': 'failed' }[told];
  return (
    <section class={`conn ${tone}`} aria-label={frame.connection}>
      <p>
        <Icon name={told === 'online' || told === 'sending' ? 'wifi' : 'noWifi'} />
        <span>
          <strong>{first}</strong> {rest}
        </span>
      </p>
      {waits > 0 && path.value !== '/waiting' && <a href="/waiting">{waitingLink(waits)}</a>}
      {told === 'sign-in-again' && path.value !== '/sign-in' && <a href="/sign-in">{frame.signIn}</a>}
    </section>
  );
}
