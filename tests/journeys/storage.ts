/** What a browser keeps of the app: asked in the page, and searched byte by byte in the closed profile. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Tab } from './browser.ts';

/** Everything the page's origin can read of its own storage, as text, by place. */
export async function kept(tab: Tab): Promise<Record<string, string>> {
  return tab.read(async () => {
    const out: Record<string, string> = {};
    const seen = (value: unknown): unknown => {
      if (value instanceof Map) return [...value].map(([k, v]) => [seen(k), seen(v)]);
      if (value instanceof Set) return [...value].map(seen);
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
        const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer);
        return new TextDecoder('latin1').decode(bytes.slice(0, 4_000_000));
      }
      if (Array.isArray(value)) return value.map(seen);
      if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
        return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, seen(v)]));
      }
      return value;
    };
    const wait = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('the database did not answer'));
      });
    const places: [string, IDBFactory][] = [['', indexedDB]];
    const buckets = (navigator as unknown as { storageBuckets?: { keys(): Promise<string[]>; open(name: string): Promise<{ indexedDB: IDBFactory }> } }).storageBuckets;
    for (const bucket of (await buckets?.keys()) ?? []) places.push([`${bucket} `, ((await buckets?.open(bucket)) as { indexedDB: IDBFactory }).indexedDB]);
    for (const [bucket, factory] of places) {
      for (const { name } of await factory.databases()) {
        if (!name) continue;
        const database = await wait(factory.open(name));
        for (const store of database.objectStoreNames) {
          const read = database.transaction(store).objectStore(store);
          const [keys, values] = await Promise.all([wait(read.getAllKeys()), wait(read.getAll())]);
          out[`indexeddb ${bucket}${name} ${store}`] = JSON.stringify([keys, seen(values)]);
        }
        database.close();
      }
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const reply = await cache.match(request);
        const type = reply?.headers.get('content-type') ?? '';
        out[`cache ${name} ${new URL(request.url).pathname}`] = /json|html/.test(type) ? ((await reply?.text()) ?? '') : type;
      }
    }
    for (const [name, area] of [['local', localStorage], ['session', sessionStorage]] as const) {
      for (let place = 0; place < area.length; place += 1) {
        const key = area.key(place) ?? '';
        out[`${name} ${key}`] = area.getItem(key) ?? '';
      }
    }
    const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [name, handle] of (folder as unknown as { entries(): AsyncIterable<[string, FileSystemHandle]> }).entries()) {
        if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle, `${path}/${name}`);
        else out[`private files ${path}/${name}`] = '';
      }
    };
    await walk(await navigator.storage.getDirectory(), '').catch(() => undefined);
    return out;
  }, null);
}

/** A wish as the phone keeps it. */
export interface Wish {
  u: string;
  args: Record<string, unknown>;
  seen: Record<string, unknown>;
}

/** Every object with this operation in what is kept: wishes and answers, whatever shape the store gives them. */
export async function wishes(tab: Tab, op: string): Promise<Wish[]> {
  const found: Wish[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (value && typeof value === 'object') {
      const object = value as Record<string, unknown>;
      if (object['op'] === op && typeof object['u'] === 'string' && object['args']) {
        found.push(object as unknown as Wish);
      } else Object.values(object).forEach(look);
    }
  };
  for (const [place, text] of Object.entries(await kept(tab))) if (place.startsWith('indexeddb')) look(JSON.parse(text));
  return found;
}

/** Places in the page's own storage that hold one of these words. */
export async function holding(tab: Tab, words: string[]): Promise<string[]> {
  const all = Object.entries(await kept(tab));
  return words.flatMap((word) => all.filter(([place, text]) => place.includes(word) || text.includes(word)).map(([place]) => `${place}: ${word}`));
}

/** Files of a closed profile in which one of these words stands, as UTF-8 or UTF-16; history and crash files too. */
export function scan(profile: string, words: string[]): string[] {
  const needles = words.flatMap((word) => [Buffer.from(word, 'utf8'), Buffer.from(word, 'utf16le')].map((bytes) => ({ word, bytes })));
  const found: string[] = [];
  for (const entry of readdirSync(profile, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      continue; // a lock or socket that is going away
    }
    for (const { word, bytes: needle } of needles) if (bytes.includes(needle)) found.push(`${relative(profile, path)}: ${word}`);
  }
  return [...new Set(found)];
}
