/** One line of truth about the network, in the flow of the page. */
import { account } from '../app/account.ts';
import { path } from '../app/router.ts';
import { connection, frame, signedOutBar, waitingLink } from '../words/common.ts';
import { Icon } from './icon.tsx';

export function ConnectionBar() {
  const told = account.connection.value;
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
