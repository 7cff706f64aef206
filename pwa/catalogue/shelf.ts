/**
 * Snapshots as sqlite opens them: in the origin's private files, or in memory where those cannot be had and the
 * catalogue is small enough. Runs in the catalogue's own thread only.
 */
import sqlite3InitModule, { type Database, type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { Finder, type Ask } from './finder.ts';
import type { Opened, Shelf } from './keeper.ts';
import { pieces, type Manifest, type Surroundings } from './parts_store.ts';

const MEMORY_MOST_BYTES = 24_000_000;
/** A tab that has just closed lets its files go a little after its lock; so often they are asked for, so far apart. */
const HANDOVER_TIMES = 40;
const HANDOVER_MS = 100;
/** The newer beside the older, and what sqlite may need itself. */
const FILES = 6;
// What cannot be opened now is another tab's: it must not be cleared away, and may be free a little later.
const POOL = { name: 'carrel-catalogue', initialCapacity: FILES, preserveOnInitFailure: true, forceReinitIfPreviouslyFailed: true };

const fileName = (manifest: Manifest): string => `/catalogue-${manifest.version.slice(0, 16)}`;

/** taken: another tab has them. none: this browser gives none to this page. */
type Files = SAHPoolUtil | 'taken' | 'none';

export class SqliteShelf implements Shelf {
  private readonly around: Surroundings;
  /** elsewhere: the files are another tab's. soon: the tab that had them has closed. now: whoever asks first. */
  private readonly when: 'elsewhere' | 'soon' | 'now';
  private sqlite: Promise<Sqlite3Static> | null = null;
  private pool: SAHPoolUtil | null = null;

  constructor(around: Surroundings, when: 'elsewhere' | 'soon' | 'now') {
    this.around = around;
    this.when = when;
  }

  async holds(size_bytes: number): Promise<boolean> {
    if (size_bytes <= MEMORY_MOST_BYTES) return true;
    if (this.when === 'elsewhere' || typeof FileSystemFileHandle === 'undefined' || !('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return false;
    return navigator.storage.getDirectory().then(
      () => true,
      // A private window.
      () => false,
    );
  }

  needsParts(manifest: Manifest, where: Opened['where']): boolean {
    // A tab that cannot share the files opens it from them in memory.
    return where === 'memory' || manifest.size_bytes <= MEMORY_MOST_BYTES;
  }

  async open(manifest: Manifest): Promise<Opened | 'taken' | 'gone'> {
    this.sqlite ??= sqlite3InitModule();
    const sqlite = await this.sqlite;
    const files = await this.files(sqlite);
    if (typeof files === 'object') {
      const opened = await this.inFiles(files, manifest);
      if (opened) return opened;
    }
    if (manifest.size_bytes <= MEMORY_MOST_BYTES) {
      const opened = await this.inMemory(sqlite, manifest);
      if (opened) return opened;
    }
    return files === 'taken' ? 'taken' : 'gone';
  }

  only(manifest: Manifest | null): void {
    if (!this.pool) return;
    for (const name of this.pool.getFileNames()) if (!manifest || name !== fileName(manifest)) this.pool.unlink(name);
  }

  private async files(sqlite: Sqlite3Static): Promise<Files> {
    if (this.pool) return this.pool;
    if (this.when === 'elsewhere') return 'taken';
    for (let times = this.when === 'soon' ? HANDOVER_TIMES : 1; ; times -= 1) {
      try {
        this.pool = await sqlite.installOpfsSAHPoolVfs(POOL);
        return this.pool;
      } catch (why) {
        if ((why as DOMException).name !== 'NoModificationAllowedError') return 'none';
        if (times <= 1) return 'taken';
        await new Promise((done) => setTimeout(done, HANDOVER_MS));
      }
    }
  }

  private async inFiles(pool: SAHPoolUtil, manifest: Manifest): Promise<Opened | null> {
    const name = fileName(manifest);
    let db: Database | null = null;
    try {
      if (!pool.getFileNames().includes(name)) {
        const coming = pieces(manifest, this.around);
        await pool.importDb(name, async () => (await coming.next()).value as Uint8Array<ArrayBuffer> | undefined);
      }
      db = new pool.OpfsSAHPoolDb(name);
      return openedOf(db, 'device', manifest);
    } catch {
      db?.close();
      pool.unlink(name);
      return null;
    }
  }

  private async inMemory({ oo1, capi, wasm }: Sqlite3Static, manifest: Manifest): Promise<Opened | null> {
    const whole = new Uint8Array(manifest.size_bytes);
    let at = 0;
    try {
      for await (const piece of pieces(manifest, this.around)) {
        whole.set(piece, at);
        at += piece.byteLength;
      }
      const db = new oo1.DB(':memory:');
      const pointer = wasm.allocFromTypedArray(whole);
      const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_READONLY;
      db.checkRc(capi.sqlite3_deserialize(db.pointer as number, 'main', pointer, whole.byteLength, whole.byteLength, flags));
      return openedOf(db, 'memory', manifest);
    } catch {
      return null;
    }
  }
}

/** Throws where the file is not the whole snapshot, or of a layout that this app does not know. */
function openedOf(db: Database, where: Opened['where'], manifest: Manifest): Opened {
  const pages = Number(db.selectValue('pragma page_count')) * Number(db.selectValue('pragma page_size'));
  if (pages !== manifest.size_bytes) throw new Error(`expected a file of ${manifest.size_bytes} bytes, got ${pages}`);
  const { ask, end } = asking(db);
  const finder = new Finder(ask);
  finder.about();
  return {
    where,
    finder,
    close() {
      end();
      db.close();
    },
  };
}

/** Statements are prepared once. */
function asking(db: Database): { ask: Ask; end(): void } {
  const prepared = new Map<string, ReturnType<Database['prepare']>>();
  return {
    ask(sql, ...values) {
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
    },
    end() {
      for (const statement of prepared.values()) statement.finalize();
    },
  };
}
