/** The account of this browser's reader: `account_kept.ts`, wired to the browser itself. */
import { effect } from '@preact/signals';
import { keepAccount, type Told } from './account_kept.ts';
import { announce } from './announcer.ts';
import { SENDING } from './background_tag.ts';
import { listening } from './pokes.ts';

export type { Answer, Wish } from '../../sync/phone/phone.ts';
export type { Account, AccountStatus, Connection, Kept, SignedIn } from './account_kept.ts';

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('carrel');
let persisted = false;

export const account = keepAccount({
  fetch: (path, init) => fetch(path, init),
  now: () => Date.now(),
  random: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  online: () => navigator.onLine,
  visible: () => document.visibilityState === 'visible',
  locks: navigator.locks ?? null,
  tell: (told) => channel?.postMessage(told),
  announce,
  reload: () => location.reload(),
  persist() {
    if (persisted) return;
    persisted = true;
    void navigator.storage?.persist?.().catch(() => false);
  },
  sendLater() {
    // Where there is no Background Sync, or it was refused, a page sends when one is open.
    const ready = navigator.serviceWorker?.ready as Promise<{ sync?: { register(tag: string): Promise<void> } }> | undefined;
    void ready?.then(({ sync }) => sync?.register(SENDING)).catch(() => undefined);
  },
});

const ear = listening({
  fetch: (path, init) => fetch(path, init),
  random: () => Math.random(),
  locks: navigator.locks ?? null,
  readTo: () => account.readTo(),
  poked: (cursor) => account.poked(cursor),
  hears: (there) => account.hears(there),
});

channel?.addEventListener('message', (event: MessageEvent<Told>) => void account.hear(event.data));
addEventListener('online', () => network(true));
addEventListener('offline', () => network(false));
document.addEventListener('visibilitychange', () => {
  const seen = document.visibilityState === 'visible';
  ear.seen(seen);
  if (seen) account.looked();
  else account.left();
});
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  ear.seen(document.visibilityState === 'visible');
  account.looked();
});
addEventListener('pagehide', () => ear.left());
effect(() => ear.signedIn(account.status.value === 'signed-in'));
ear.seen(document.visibilityState === 'visible');

function network(there: boolean): void {
  ear.network(there);
  account.network(there);
}

/** Settled when what is kept on this device is on the page; a browser that keeps nothing opens signed out. */
export const opening: Promise<void> = account.open().catch((why: unknown) => {
  console.warn('expected a place to keep the account, got', why);
});
