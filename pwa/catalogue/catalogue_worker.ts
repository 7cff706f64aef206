/**
 * The catalogue on this device, in a thread of its own: brings it, opens it, searches it.
 *
 * The file lies in the origin's private file system. Where that cannot be had (another tab holds it, a private
 * window), a catalogue that is small enough is opened in memory; else searches go to the library.
 */
import sqlite3InitModule, { type Database, type SAHPoolUtil } from '@sqlite.org/sqlite-wasm';
import { Finder, type Ask } from './finder.ts';
import { bring, keptManifest, newestManifest, pieces, type Manifest, type Surroundings } from './parts_store.ts';

declare const self: DedicatedWorkerGlobalScope;

const MEMORY_MOST_BYTES = 24_000_000;
/** Downloads up to this size come by themselves once someone searches. */
const UNASKED_MOST_BYTES = 8_000_000;
const around: Surroundings = { fetch: (path, init) => fetch(path, init), cache: () => caches.open('carrel-catalogue') };

let sqlite: Awaited<ReturnType<typeof sqlite3InitModule>> | null = null;
let pool: SAHPoolUtil | null = null;
let open: { version: string; db: Database; finder: Finder; where: 'device' | 'memory' } | null = null;
let going = false;
let wanted = true;

export type Asked =
  | { id: number; kind: 'open' }
  | { id: number; kind: 'search'; typed: string; offset: number; limit: number }
  | { id: number; kind: 'record'; record: string }
  | { id: number; kind: 'download' }
  | { id: number; kind: 'pause' }
  | { id: number; kind: 'remove' };

self.addEventListener('message', (event: MessageEvent<Asked>) => {
  const { id } = event.data;
  answer(event.data).then(
    (value) => self.postMessage({ id, value }),
    (broken: unknown) => self.postMessage({ id, broken: String(broken) }),
  );
});

async function answer(asked: Asked): Promise<unknown> {
  switch (asked.kind) {
    case 'open': {
      const kept = await keptManifest(around);
      if (kept && !open) await use(kept);
      tell();
      void look();
      return open !== null;
    }
    case 'search':
      return open ? { ...open.finder.search(asked.typed, asked.offset, asked.limit), from: open.where } : null;
    case 'record':
      return open ? open.finder.record(asked.record) : null;
    case 'download':
      wanted = true;
      await download(await newestManifest(around));
      return null;
    case 'pause':
      wanted = false;
      return null;
    case 'remove':
      await remove();
      return null;
  }
}

/** Look for a newer catalogue; bring it where it is small, offer it where it is not. */
async function look(): Promise<void> {
  try {
    const newest = await newestManifest(around);
    if (newest.version === open?.version) return;
    if (newest.wire_bytes <= UNASKED_MOST_BYTES || open) await download(newest);
    else self.postMessage({ offer: { size_bytes: newest.wire_bytes } });
  } catch {
    // Without a network there is nothing newer to be had.
  }
}

async function download(manifest: Manifest): Promise<void> {
  if (going) return;
  going = true;
  try {
    const told = (done_bytes: number, paused: boolean): void => self.postMessage({ download: { done_bytes, size_bytes: manifest.size_bytes, paused } });
    let done = 0;
    told(0, false);
    const whole = await bring(manifest, around, (bytes) => told((done = bytes), false), () => wanted);
    if (!whole) {
      told(done, true);
      return;
    }
    await use(manifest);
    self.postMessage({ download: null });
    tell();
  } finally {
    going = false;
  }
}

/** Open a catalogue that is whole on this device, beside the one before, then let that one go. */
async function use(manifest: Manifest): Promise<void> {
  sqlite ??= await sqlite3InitModule();
  const db = (await inFiles(manifest)) ?? (await inMemory(manifest));
  if (!db) return;
  const finder = new Finder(asking(db.db));
  finder.about();
  open?.db.close();
  open = { version: manifest.version, db: db.db, finder, where: db.where };
  if (pool) for (const name of pool.getFileNames()) if (name !== fileName(manifest)) pool.unlink(name);
}

const fileName = (manifest: Manifest): string => `/catalogue-${manifest.version.slice(0, 16)}`;

async function inFiles(manifest: Manifest): Promise<{ db: Database; where: 'device' } | null> {
  if (!sqlite) return null;
  try {
    pool ??= await sqlite.installOpfsSAHPoolVfs({ name: 'carrel-catalogue', initialCapacity: 6 });
    const name = fileName(manifest);
    if (!pool.getFileNames().includes(name)) {
      const coming = pieces(manifest, around);
      await pool.importDb(name, async () => (await coming.next()).value as Uint8Array<ArrayBuffer> | undefined);
    }
    return { db: new pool.OpfsSAHPoolDb(name), where: 'device' };
  } catch {
    return null;
  }
}

async function inMemory(manifest: Manifest): Promise<{ db: Database; where: 'memory' } | null> {
  if (!sqlite || manifest.size_bytes > MEMORY_MOST_BYTES) return null;
  const whole = new Uint8Array(manifest.size_bytes);
  let at = 0;
  for await (const piece of pieces(manifest, around)) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  const { capi, wasm } = sqlite;
  const db = new sqlite.oo1.DB(':memory:');
  const pointer = wasm.allocFromTypedArray(whole);
  const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_READONLY;
  db.checkRc(capi.sqlite3_deserialize(db.pointer as number, 'main', pointer, whole.byteLength, whole.byteLength, flags));
  return { db, where: 'memory' };
}

/** Statements are prepared once. */
function asking(db: Database): Ask {
  const prepared = new Map<string, ReturnType<Database['prepare']>>();
  return (sql, ...values) => {
    let statement = prepared.get(sql);
    if (!statement) prepared.set(sql, (statement = db.prepare(sql)));
    const rows: (string | number)[][] = [];
    try {
      if (values.length) statement.bind(values);
      while (statement.step()) rows.push(statement.get([]) as (string | number)[]);
    } finally {
      statement.reset(true);
    }
    return rows;
  };
}

async function remove(): Promise<void> {
  wanted = false;
  open?.db.close();
  open = null;
  if (pool) for (const name of pool.getFileNames()) pool.unlink(name);
  await caches.delete('carrel-catalogue');
  tell();
}

function tell(): void {
  const about = open?.finder.about();
  self.postMessage({ open: open && about ? { where: open.where, records: about.records, as_of: about.built_at } : null });
}
