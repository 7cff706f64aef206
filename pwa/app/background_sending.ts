/**
 * Sends what waits though no page is open: for the service worker, when the browser says that there is a network
 * (Background Sync). Same store, same lock, same phone's half as a page; signs nobody in and draws nothing.
 *
 * What is answered is announced by the next page that somebody looks at (`Mine.takeUnsaid`).
 */
import * as phone from '../../sync/phone/phone.ts';
import type { World } from './account_kept.ts';
import { converse, reachable, restUntil } from './account_line.ts';
import { Mine, registeredHere } from './account_store.ts';

/** How long to wait for a page that sends; milliseconds. Longer than a request may take. */
export const SENDER_MS = 25_000;
const AGAIN = 'the library did not answer: what waits is tried again';

/**
 * Send until nothing waits, with one request after the other.
 *
 * Resolves when nothing is left, or nothing that trying again would mend: nobody is here, the reader has to sign
 * in, the app to be updated. Rejects when the browser should have it tried again.
 */
export async function sendWhatWaits(world: Pick<World, 'fetch' | 'now' | 'random' | 'locks' | 'tell'>): Promise<void> {
  const registered = await registeredHere();
  if (!registered) return;
  const mine = await Mine.open(registered);
  try {
    await afterOthers(world.locks, async () => {
      while (await once(mine, world));
    });
  } finally {
    mine.close();
  }
}

/** After whichever page is sending; a lock spares double work, so work goes on where there is none or it is refused. */
async function afterOthers(locks: Pick<LockManager, 'request'> | null, work: () => Promise<void>): Promise<void> {
  if (!locks) return work();
  const late = AbortSignal.timeout(SENDER_MS);
  let entered = false;
  try {
    await locks.request('carrel-sync', { signal: late }, async () => {
      entered = true;
      await work();
    });
  } catch (why) {
    if (entered || late.aborted) throw why;
    await work();
  }
}

/** One request. Returns whether another should follow at once. */
async function once(mine: Mine, world: Pick<World, 'fetch' | 'now' | 'random' | 'tell'>): Promise<boolean> {
  // A browser that has cleared the reader's things is told of by the page.
  const kept = await mine.read();
  if (!kept?.outbox.length) return false;
  // A request that is cut is halved, so after a failure a knock comes first; and a library that rests is let rest.
  if ((await mine.notBefore(world.now())) || (kept.failures > 0 && !(await reachable(world.fetch)))) throw new Error(AGAIN);
  const { told: composed } = await mine.change((held) => {
    const made = phone.compose(phone.opened(held), world.now());
    return { state: made?.state ?? held, told: made };
  });
  if (!composed) return false;
  const { request } = composed;
  const came = await converse(world.fetch, request);
  if (came.kind === 'reply') {
    const { told } = await mine.change((held) => {
      const made = phone.receive(held, request, came.reply, world.now(), came.size);
      return { state: made.state, told: made, unsaid: made.answered.map(({ u }) => u) };
    });
    world.tell('changed');
    return told.again;
  }
  const { told } = await mine.change((held) => {
    const made = phone.broke(held, request, came.failure, world.now(), world.random());
    return { state: made.state, told: made, unsaid: made.answered.map(({ u }) => u), ...restUntil(came.failure, world.now()) };
  });
  world.tell('changed');
  if (told.tell === 'closed') {
    await mine.unregister(null);
    await mine.erase();
    world.tell('bye');
    return false;
  }
  if (told.resent || told.wait_ms === 0) return true;
  if (told.wait_ms === null) return false;
  throw new Error(AGAIN);
}
