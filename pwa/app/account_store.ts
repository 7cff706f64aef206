/**
 * Where the account is kept: one small database that names the reader's own, and that one, made anew at each
 * sign-in and deleted at sign-out. Keeps out what the state means.
 *
 * Where the browser has storage buckets, the reader's database has one to itself: deleting a database leaves its
 * words in Chromium's files until they are next tidied, deleting a bucket deletes the files.
 */
import { deleteDB, openDB, wrap, type IDBPDatabase, type IDBPObjectStore } from 'idb';
import type { Answer, PhoneState } from '../../sync/phone/phone.ts';

const REGISTRY = 'carrel';
/** How long to wait for a page that still has a database open; milliseconds. */
const DELETION_MS = 3_000;
/** A library asks for no longer rest than this; milliseconds. */
const REST_MOST_MS = 3_600_000;
/** Devices remembered to be signed out later; the library knows 20 of a reader. */
const REVOKED_MOST = 20;

/** Storage Buckets API, which TypeScript does not know yet. */
interface Buckets {
  open(name: string, wish: { persisted: boolean; durability: 'strict' }): Promise<{ indexedDB: IDBFactory }>;
  delete(name: string): Promise<void>;
}

function buckets(): Buckets | null {
  return (navigator as { storageBuckets?: Buckets }).storageBuckets ?? null;
}

/** Where a reader's account lies: the name of its database, and of its bucket when it has one. */
export interface Place {
  name: string;
  bucket: boolean;
}

async function openPlace({ name, bucket }: Place): Promise<IDBPDatabase> {
  const all = bucket ? buckets() : null;
  const factory = all ? (await all.open(name, { persisted: true, durability: 'strict' })).indexedDB : indexedDB;
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('phone');
  const db = wrap(await promised(request));
  // Another page signs out: its deletion must not wait for this one.
  db.onversionchange = () => db.close();
  return db;
}

function promised<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException('the database could not be opened', 'UnknownError'));
  });
}

async function deletePlace({ name, bucket }: Place): Promise<void> {
  if (bucket) await buckets()?.delete(name);
  else await deleteDB(name);
}

let opened: Promise<IDBPDatabase> | null = null;

function registry(): Promise<IDBPDatabase> {
  opened ??= openDB(REGISTRY, 1, {
    upgrade(db) {
      db.createObjectStore('registry');
      db.createObjectStore('public');
    },
    blocking(_now, _next, event) {
      opened = null;
      (event.target as IDBDatabase).close();
    },
    terminated() {
      opened = null;
    },
  }).catch((why: unknown) => {
    opened = null;
    throw why;
  });
  return opened;
}

/** Work on the store of what is public; see `library.ts`. */
export async function publicStore<T>(work: (db: IDBPDatabase) => Promise<T>): Promise<T> {
  return work(await registry());
}

/** Where the account of whoever is signed in lies; null when nobody is. Names nobody: it outlives sign-out in files. */
export async function registeredHere(): Promise<Place | null> {
  return ((await (await registry()).get('registry', 'me')) as Place | undefined) ?? null;
}

/** Devices that were signed out and that the library has not been told of yet. */
export async function revokedDevices(): Promise<string[]> {
  return ((await (await registry()).get('registry', 'revoked')) as string[] | undefined) ?? [];
}

type Registry = IDBPObjectStore<unknown, ['registry'], 'registry', 'readwrite'>;

/** Change the registry in one transaction: all of `work` is on the disk when this resolves, and nothing if it rejects. */
async function register(work: (store: Registry) => Promise<void>): Promise<void> {
  const tx = (await registry()).transaction('registry', 'readwrite', { durability: 'strict' });
  const worked = work(tx.store).catch((why: unknown) => {
    try {
      tx.abort();
    } catch {
      // The failure has ended it already.
    }
    throw why;
  });
  await Promise.all([worked, tx.done]);
}

/** The list under `name` made anew; an empty one is no entry. */
async function list<T>(store: Registry, name: string, next: (before: T[]) => T[]): Promise<void> {
  const after = next(((await store.get(name)) as T[] | undefined) ?? []);
  if (after.length) await store.put(after, name);
  else await store.delete(name);
}

/** Take a device off the list of those to be signed out: the library has been told. */
export async function toldRevoked(dev: string): Promise<void> {
  await register((store) => list<string>(store, 'revoked', (before) => before.filter((each) => each !== dev)));
}

/** What follows from a state: the next one, what whoever asked is told, and answers to tell the reader aloud. */
export interface Change<T> {
  state: PhoneState;
  told: T;
  unsaid?: string[];
  /** The library asked not to be asked before this instant, by the device's clock; epoch milliseconds. */
  not_before?: number;
}

/** The reader's own database, open. */
export class Mine {
  private readonly place: Place;
  private readonly db: IDBPDatabase;

  private constructor(place: Place, db: IDBPDatabase) {
    this.place = place;
    this.db = db;
  }

  static async open(place: Place): Promise<Mine> {
    return new Mine(place, await openPlace(place));
  }

  /**
   * A database for a reader who has just signed in, with their first state; entered in the registry last.
   *
   * One that was begun and never entered, as the page ended or the disk was full, is deleted before the next.
   */
  static async begin(name: string, patron: string, state: PhoneState): Promise<Mine> {
    const place = { name, bucket: buckets() !== null };
    await register(async (store) => {
      const before = (await store.get('coming')) as Place | undefined;
      if (before) await list<Place>(store, 'leaving', (all) => [...all, before]);
      await store.put(place, 'coming');
    });
    const mine = await Mine.open(place);
    try {
      await mine.db.put('phone', patron, 'patron');
      await mine.db.put('phone', state, 'state');
      await register(async (store) => {
        await store.put(place, 'me');
        await store.delete('coming');
        await store.delete('cleared');
      });
    } catch (why) {
      mine.close();
      throw why;
    }
    await deleteLeft().catch(() => undefined);
    return mine;
  }

  /** Whose account it is. */
  async patron(): Promise<string> {
    return ((await this.db.get('phone', 'patron')) as string | undefined) ?? '';
  }

  async read(): Promise<PhoneState | null> {
    return ((await this.db.get('phone', 'state')) as PhoneState | undefined) ?? null;
  }

  /**
   * One change, in one transaction: read, let `work` say what follows, write.
   *
   * `unsaid` names answers that came with it and that somebody has to be told aloud; see `takeUnsaid`.
   *
   * Resolves once it is on the disk. Rejects, with nothing changed, when the device has no room left
   * (QuotaExceededError) or the database was closed by a sign-out (InvalidStateError).
   */
  async change<T>(work: (now: PhoneState) => Change<T>): Promise<{ state: PhoneState; told: T; changed: boolean }> {
    const tx = this.db.transaction('phone', 'readwrite', { durability: 'strict' });
    // Whatever goes wrong is told by the step it went wrong in.
    const done = tx.done.catch((why: unknown) => why ?? new DOMException('the transaction was given up', 'AbortError'));
    const before = (await tx.store.get('state')) as PhoneState | undefined;
    if (!before) throw new DOMException('the account was closed', 'InvalidStateError');
    const { state, told, unsaid = [], not_before } = work(before);
    if (state !== before) await tx.store.put(state, 'state');
    if (unsaid.length) await tx.store.put([...(((await tx.store.get('unsaid')) as string[] | undefined) ?? []), ...unsaid], 'unsaid');
    if (not_before) await tx.store.put(not_before, 'not_before');
    const failed = await done;
    if (failed) throw failed;
    return { state, told, changed: state !== before };
  }

  /**
   * Until when the library asked not to be asked, by whichever page or worker heard it; 0 where that is over.
   *
   * Args:
   *   now: the device's clock, epoch milliseconds. What lies further ahead than an hour was noted by another clock.
   */
  async notBefore(now: number): Promise<number> {
    const at = ((await this.db.get('phone', 'not_before')) as number | undefined) ?? 0;
    return at > now && at <= now + REST_MOST_MS ? at : 0;
  }

  /**
   * Take the answers that nobody was told of yet: each goes to one page only, whoever asks first.
   *
   * A page takes them when somebody looks at it, so an answer that came while nobody did is told later, once.
   */
  async takeUnsaid(): Promise<Answer[]> {
    const tx = this.db.transaction('phone', 'readwrite');
    const done = tx.done.catch((why: unknown) => why ?? new DOMException('the transaction was given up', 'AbortError'));
    const unsaid = new Set((await tx.store.get('unsaid')) as string[] | undefined);
    // In the same transaction: what a page holds may be older than what it takes.
    const kept = unsaid.size ? ((await tx.store.get('state')) as PhoneState | undefined) : undefined;
    if (unsaid.size) await tx.store.delete('unsaid');
    const failed = await done;
    if (failed) throw failed;
    return (kept?.answers ?? []).filter(({ u, put_away }) => unsaid.has(u) && !put_away);
  }

  /**
   * Sign the reader out of this device, in one step: from here on it opens signed out, whatever happens next.
   *
   * Args:
   *   revoked: the device that the library is to be told of; null where it knows already.
   *   cleared: it was the browser's doing, to be told until somebody signs in.
   */
  async unregister(revoked: string | null, cleared = false): Promise<void> {
    await register(async (store) => {
      await store.delete('me');
      if (cleared) await store.put(true, 'cleared');
      await list<Place>(store, 'leaving', (before) => [...before, this.place]);
      if (revoked) await list<string>(store, 'revoked', (before) => [...before.filter((each) => each !== revoked), revoked].slice(-REVOKED_MOST));
    });
  }

  /** Delete everything of the reader who was signed out: emptied at once, then the database itself goes. */
  async erase(): Promise<void> {
    await this.db.clear('phone').catch(() => undefined);
    this.db.close();
    await deleteLeft();
  }

  close(): void {
    this.db.close();
  }
}

/** Delete databases of readers who signed out; what cannot be deleted now is tried again at the next start. */
export async function deleteLeft(): Promise<void> {
  const db = await registry();
  for (const place of ((await db.get('registry', 'leaving')) as Place[] | undefined) ?? []) {
    const gone = deletePlace(place).then(
      () => true,
      () => false,
    );
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), DELETION_MS));
    if (!(await Promise.race([gone, late]))) continue;
    await register((store) => list<Place>(store, 'leaving', (before) => before.filter(({ name }) => name !== place.name)));
  }
}

/** Whether the browser has cleared a reader's database, and nobody has signed in since. */
export async function clearedHere(): Promise<boolean> {
  return (await (await registry()).get('registry', 'cleared')) !== undefined;
}
