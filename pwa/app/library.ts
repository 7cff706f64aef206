/** What everyone may know of the library, kept on the device with its age: hours, rooms, availability. */
import { effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { account } from './account.ts';
import { publicStore } from './account_store.ts';
import type { Availability, LibraryInfo, SiteRooms } from './facts.ts';

export interface Aged<T> {
  /** When the library said so, epoch milliseconds. */
  as_of: number;
  value: T;
}

interface Stored {
  etag: string;
  value: { as_of: number };
}

const FRESH_MS = 25_000;
const kept = new Map<string, Signal<Aged<unknown> | null>>();
const askedAt = new Map<string, number>();

function resource<T>(path: string): ReadonlySignal<Aged<T> | null> {
  let known = kept.get(path);
  if (!known) {
    known = signal<Aged<unknown> | null>(null);
    kept.set(path, known);
    void read(path).finally(() => fetchNew(path));
  } else if (Date.now() - (askedAt.get(path) ?? 0) > FRESH_MS) {
    void fetchNew(path);
  }
  return known as Signal<Aged<T> | null>;
}

async function read(path: string): Promise<void> {
  const stored = await publicStore((db) => db.get('public', path) as Promise<Stored | undefined>).catch(() => undefined);
  const into = kept.get(path);
  if (stored && into && !into.peek()) into.value = { as_of: stored.value.as_of, value: stored.value };
}

async function fetchNew(path: string): Promise<void> {
  askedAt.set(path, Date.now());
  try {
    const reply = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-cache' });
    if (!reply.ok) return;
    const value = (await reply.json()) as { as_of: number };
    const into = kept.get(path);
    if (into) into.value = { as_of: value.as_of, value };
    await publicStore((db) => db.put('public', { etag: reply.headers.get('etag') ?? '', value } satisfies Stored, path));
  } catch {
    // What is kept stays, and its age with it.
  }
}

export const library = {
  get info(): ReadonlySignal<Aged<LibraryInfo> | null> {
    return resource<LibraryInfo>('/pub/1/library');
  },
  rooms(site: string): ReadonlySignal<Aged<SiteRooms> | null> {
    return resource<SiteRooms>(`/pub/1/rooms/${site}`);
  },
  get availability(): ReadonlySignal<Aged<Availability> | null> {
    return resource<Availability>('/pub/1/availability');
  },
  /** Ask the library anew for everything that is shown. */
  refresh(): void {
    for (const path of kept.keys()) void fetchNew(path);
  },
};

/** The first view and the account come before what is only for later; milliseconds. */
const LATER_MS = 1_500;
let broughtFor = '';
// What a reader may want without a network is brought while there is one, though no view has asked for it yet.
effect(() => {
  const site = account.patron.value?.site;
  if (!site || site === broughtFor || account.connection.value !== 'online') return;
  broughtFor = site;
  setTimeout(() => {
    for (const bring of [() => library.info, () => library.rooms(site), () => library.availability]) bring();
  }, LATER_MS);
});

// Whatever is shown may have changed while the library could not be reached.
let away = false;
effect(() => {
  const there = account.connection.value === 'online';
  if (there && away) setTimeout(() => library.refresh(), 0);
  away = !there;
});
addEventListener('online', () => library.refresh());
