/** The catalogue on this device, in a thread of its own: wires what keeps and shares it to the browser itself. */
import { Keeper } from './keeper.ts';
import { Sharing, type Between } from './sharing.ts';
import { SqliteShelf } from './shelf.ts';
import { CACHE, type Surroundings } from './parts_store.ts';
import type { Asked } from './thread.ts';

declare const self: DedicatedWorkerGlobalScope;

const around: Surroundings = { fetch: (path, init) => fetch(path, init), cache: () => caches.open(CACHE) };
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
const locks = navigator.locks ?? null;
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('carrel-catalogue');

const sharing = new Sharing({
  me: crypto.randomUUID(),
  locks,
  channel: channel && {
    post: (between) => channel.postMessage(between),
    hear: (listener) => channel.addEventListener('message', (event: MessageEvent<Between>) => listener(event.data)),
  },
  wait,
  hold: (standing, tell) =>
    new Keeper(
      {
        ...around,
        shelf: new SqliteShelf(around, standing === 'reads' ? 'elsewhere' : locks ? 'soon' : 'now'),
        async free() {
          const { quota, usage } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
          return quota === undefined || usage === undefined ? null : quota - usage;
        },
        now: () => Date.now(),
        wait,
        // Not in every browser, and not in TypeScript's.
        sparing: (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true,
      },
      standing,
      tell,
    ),
  tell: (told) => self.postMessage({ told }),
});

self.addEventListener('message', ({ data: { id, asked } }: MessageEvent<{ id: number; asked: Asked }>) => {
  sharing.ask(asked).then(
    (value) => self.postMessage({ id, value }),
    (broken: unknown) => self.postMessage({ id, broken: String(broken) }),
  );
});
