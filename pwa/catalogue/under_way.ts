/** The catalogue comes to this device though no search has asked for it: a download goes on, an installed Carrel has one. */
import { CACHE, WISH, type Wish } from './parts_store.ts';

/** Who put Carrel among their apps means to have it without a network. */
const installed = (): boolean => globalThis.matchMedia?.('(display-mode: standalone)').matches ?? false;

/** The first view carries no more than this; the catalogue's thread starts only where there is a reason. */
async function open(unasked: boolean): Promise<void> {
  await (await import('./search_client.ts')).catalogue.open(unasked);
}

/** Go on with a download that was under way when Carrel was closed; bring a small catalogue once Carrel is installed. */
export async function goOnBringing(): Promise<void> {
  addEventListener('appinstalled', () => void open(true), { once: true });
  if (installed()) return open(true);
  try {
    if (!(await caches.has(CACHE))) return;
    const wish = (await (await (await caches.open(CACHE)).match(WISH))?.json()) as Wish | undefined;
    if (wish?.wanted === 'now') await open(false);
  } catch {
    // A browser that keeps nothing has nothing to go on with.
  }
}
