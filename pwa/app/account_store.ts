/**
 * Where the account is kept: one small database that names the reader's own, and that one, made anew at each
 * sign-in and deleted at sign-out. Keeps out what the state means.
 */
import { deleteDB, openDB, type IDBPDatabase } from 'idb';
import type { PhoneState } from '../../sync/phone/phone.ts';

const REGISTRY = 'carrel';
/** How long to wait for a page that still has a database open; milliseconds. */
const DELETION_MS = 3_000;
/** Devices remembered to be signed out later; the library knows 20 of a reader. */
const REVOKED_MOST = 20;

/** Whose account is on this device, and in which database. */
export interface Registered {
  name: string;
  patron: string;
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
  readonly name: string;
  private readonly db: IDBPDatabase;

  private constructor(name: string, db: IDBPDatabase) {
    this.name = name;
    this.db = db;
  }

  static async open(name: string): Promise<Mine> {
    const db = await openDB(name, 1, {
      upgrade(made) {
        made.createObjectStore('phone');
      },
      // Another page signs out: its deletion must not wait for this one.
      blocking(_now, _next, event) {
        (event.target as IDBDatabase).close();
      },
    });
    return new Mine(name, db);
  }

  /** A database for a reader who has just signed in, with their first state; entered in the registry last. */
  static async begin(name: string, patron: string, state: PhoneState): Promise<Mine> {
    const mine = await Mine.open(name);
    await mine.db.put('phone', state, 'state');
    await (await registry()).put('registry', { name, patron } satisfies Registered, 'me');
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
    await tx.store.put([...(((await tx.store.get('leaving')) as string[] | undefined) ?? []), this.name], 'leaving');
    await tx.done;
    await this.db.clear('phone').catch(() => undefined);
    this.db.close();
    await deleteLeft();
  }

  close(): void {
    this.db.close();
  }
}

/** Delete databases of readers who signed out, where that was not possible before. */
export async function deleteLeft(): Promise<void> {
  const db = await registry();
  for (const name of ((await db.get('registry', 'leaving')) as string[] | undefined) ?? []) {
    const gone = deleteDB(name).then(() => true);
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), DELETION_MS));
    if (!(await Promise.race([gone, late]))) continue;
    const tx = db.transaction('registry', 'readwrite');
    const left = (((await tx.store.get('leaving')) as string[] | undefined) ?? []).filter((each) => each !== name);
    if (left.length) await tx.store.put(left, 'leaving');
    else await tx.store.delete('leaving');
    await tx.done;
  }
}

/** Forget whom the registry names when their database turns out to be empty. */
export async function deregister(): Promise<void> {
  await (await registry()).delete('registry', 'me');
}
