/** What stands around every view: skip link, places, connection, notices, the announcer. */
import type { ComponentChildren } from 'preact';
import { account } from '../app/account.ts';
import { ANNOUNCER } from '../app/announcer.ts';
import { path } from '../app/router.ts';
import { update } from '../app/updates.ts';
import { frame, product } from '../words/common.ts';
import { ConnectionBar } from './connection_bar.tsx';
import { Icon, type IconName } from './icon.tsx';

function Place(props: { href: string; icon: IconName; children: ComponentChildren; only?: 'phone-only' | 'wide-only' }) {
  const here = props.href === '/' ? path.value === '/' : path.value.startsWith(props.href);
  return (
    <li class={props.only}>
      <a href={props.href} aria-current={here ? 'page' : undefined}>
        <Icon name={props.icon} />
        <span>{props.children}</span>
      </a>
    </li>
  );
}

export function Frame({ children }: { children: ComponentChildren }) {
  const waits = account.waiting.value.length;
  const signedIn = account.status.value !== 'signed-out';
  return (
    <>
      <a class="skip" href="#main">
        {frame.skip}
      </a>
      <div class="app">
        <div class="desk">
          <div class="desk-inner">
            <header>
              <a class="brand" href="/">
                <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
                  <path class="glow" d="M10.5 15.5h11l4 10h-19z" stroke-width="0" opacity=".9" />
                  <path d="M7 14.5a9 8 0 0 1 18 0z" />
                  <path d="M16 6.5V4M4 27h24" />
                </svg>
                {product}
              </a>
            </header>
            <nav class="places" aria-label={frame.main}>
              <ul>
                <Place href="/" icon="lamp">{frame.today}</Place>
                <Place href="/search" icon="search">{frame.search}</Place>
                <Place href="/loans" icon="book">{frame.loans}</Place>
                <Place href="/rooms" icon="door">{frame.rooms}</Place>
                <Place href="/more" icon="menu" only="phone-only">{frame.more}</Place>
              </ul>
            </nav>
            <nav class="you" aria-label={frame.you}>
              <ul>
                <li>
                  <a href="/waiting" aria-current={path.value === '/waiting' ? 'page' : undefined}>
                    <Icon name="pencil" />
                    <span>{frame.waiting}</span>{' '}
                    {waits > 0 && <span class="count">{waits}</span>}
                  </a>
                </li>
                <Place href="/help" icon="help">{frame.help}</Place>
                <Place href="/hours" icon="clock" only="wide-only">{frame.hours}</Place>
                <Place href="/more" icon="menu" only="wide-only">{frame.everything}</Place>
                <Place href="/settings" icon="tune" only="wide-only">{frame.settings}</Place>
                {!signedIn && <Place href="/sign-in" icon="person" only="wide-only">{frame.signIn}</Place>}
              </ul>
            </nav>
          </div>
        </div>
        <div class="room">
          <ConnectionBar />
          {update.ready && (
            <section class="conn" aria-label={frame.updateReady}>
              <p>
                <Icon name="up" />
                <span>{frame.updateReady}</span>
              </p>
              <button type="button" class="link" onClick={update.use}>
                {frame.useUpdate}
              </button>
            </section>
          )}
          <main id="main" tabIndex={-1}>
            {children}
          </main>
        </div>
      </div>
      <div class="hidden-visually" id={ANNOUNCER} role="status" aria-live="polite" />
    </>
  );
}
