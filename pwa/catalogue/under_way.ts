/** A download of the catalogue that was under way when Carrel was closed goes on, whatever view is opened. */
import { CACHE, WISH, type Wish } from './parts_store.ts';

/** Starts the catalogue's thread only where there is something to go on with: the first view carries no more than this. */
export async function goOnBringing(): Promise<void> {
  try {
    if (!(await caches.has(CACHE))) return;
    const wish = (await (await (await caches.open(CACHE)).match(WISH))?.json()) as Wish | undefined;
    if (wish?.wanted === 'now') await (await import('./search_client.ts')).catalogue.open(false);
  } catch {
    // A browser that keeps nothing has nothing to go on with.
  }
}
