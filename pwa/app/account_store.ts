/**
 * Where the account is kept: one small database that names the reader's own, and that one, made anew at each
 * sign-in and deleted at sign-out. Keeps out what the state means.
 *
 * Where the browser has storage buckets, the reader's database has one to itself: deleting a database leaves its
 * words in Chromium's files until they are next tidied, deleting a bucket deletes the files.
 */
import { deleteDB, openDB, wrap, type IDBPDatabase } from 'idb';
import type { PhoneState } from '../../sync/phone/phone.ts';

const REGISTRY = 'carrel';
/** How long to wait for a page that still has a database open; milliseconds. */
const DELETION_MS = 3_000;
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
interface Place {
  name: string;
  bucket: boolean;
}

/** Whose account is on this device, and where. */
export interface Registered extends Place {
  patron: string;
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

/** Whose account is here; null when nobody is signed in. */
export async function registeredHere(): Promise<Registered | null> {
  return ((await (await registry()).get('registry', 'me')) as Registered | undefined) ?? null;
}

/** Devices that were signed out and that the library has not been told of yet. */
export async function revokedDevices(): Promise<string[]> {
  return ((await (await registry()).get('registry', 'revoked')) as string[] | undefined) ?? [];
}

/** Put a device on, or take it off, the list of those to be signed out at the library. */
export async function markRevoked(dev: string, still: boolean): Promise<void> {
  const tx = (await registry()).transaction('registry', 'readwrite');
  const before = ((await tx.store.get('revoked')) as string[] | undefined) ?? [];
  const others = before.filter((each) => each !== dev);
  const after = still ? [...others, dev].slice(-REVOKED_MOST) : others;
  if (after.length) await tx.store.put(after, 'revoked');
  else await tx.store.delete('revoked');
  await tx.done;
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

  /** A database for a reader who has just signed in, with their first state; entered in the registry last. */
  static async begin(name: string, patron: string, state: PhoneState): Promise<Mine> {
    const place = { name, bucket: buckets() !== null };
    const mine = await Mine.open(place);
    await mine.db.put('phone', state, 'state');
    await (await registry()).put('registry', { ...place, patron } satisfies Registered, 'me');
    return mine;
  }

  async read(): Promise<PhoneState | null> {
    return ((await this.db.get('phone', 'state')) as PhoneState | undefined) ?? null;
  }

  /**
   * One change, in one transaction: read, let `work` say what follows, write.
   *
   * Resolves once it is on the disk. Rejects, with nothing changed, when the device has no room left
   * (QuotaExceededError) or the database was closed by a sign-out (InvalidStateError).
   */
  async change<T>(work: (now: PhoneState) => { state: PhoneState; told: T }): Promise<{ state: PhoneState; told: T; changed: boolean }> {
    const tx = this.db.transaction('phone', 'readwrite', { durability: 'strict' });
    // Whatever goes wrong is told by the step it went wrong in.
    const done = tx.done.catch((why: unknown) => why ?? new DOMException('the transaction was given up', 'AbortError'));
    const before = (await tx.store.get('state')) as PhoneState | undefined;
    if (!before) throw new DOMException('the account was closed', 'InvalidStateError');
    const { state, told } = work(before);
    if (state !== before) await tx.store.put(state, 'state');
    const failed = await done;
    if (failed) throw failed;
    return { state, told, changed: state !== before };
  }

  /** Delete everything of the reader: emptied at once, then the database itself goes. */
  async erase(): Promise<void> {
    const tx = (await registry()).transaction('registry', 'readwrite');
    await tx.store.delete('me');
    await tx.store.put([...(((await tx.store.get('leaving')) as Place[] | undefined) ?? []), this.place], 'leaving');
    await tx.done;
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
    const tx = db.transaction('registry', 'readwrite');
    const left = (((await tx.store.get('leaving')) as Place[] | undefined) ?? []).filter(({ name }) => name !== place.name);
    if (left.length) await tx.store.put(left, 'leaving');
    else await tx.store.delete('leaving');
    await tx.done;
  }
}

/** Forget whom the registry names when their database turns out to be empty. */
export async function deregister(): Promise<void> {
  await (await registry()).delete('registry', 'me');
}
