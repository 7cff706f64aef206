/**
 * Keeps the app's own files, so that it opens without a network: what is asked under /sync, /session, /pub,
 * /catalogue and /staff goes to the library and is never kept here. Sends what waits when the browser says so.
 */
import { sendWhatWaits } from './app/background_sending.ts';
import { SENDING } from './app/background_tag.ts';
import { senderEnds } from './app/sender_ends.ts';

declare const self: ServiceWorkerGlobalScope;

interface Built {
  /** Changes with any file. */
  version: string;
  /** What every view needs: all of it is kept, or the version is not installed. */
  shell: string[];
  /** What search needs, kept from its first use on. */
  later: string[];
}

// The build writes its list of files here.
const built = JSON.parse('__BUILT__') as Built;
const SHELLS = 'carrel-shell-';
const SHELL = `${SHELLS}${built.version}`;
/** Kept across versions: files of the search, and letters that a title needed. */
const LATER = 'carrel-files';
const OF_THE_LIBRARY = /^\/(sync|session|pub|catalogue|staff)(\/|$)/;
const HASHED = '/assets/';

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      await keep(SHELL, built.shell);
      // Whoever searches without a network goes on doing so in the new version.
      const files = await (await caches.open(LATER)).keys();
      if (files.some(({ url }) => !url.endsWith('.woff2'))) await keep(LATER, built.later);
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith(SHELLS) && name !== SHELL) await caches.delete(name);
      const files = await caches.open(LATER);
      for (const request of await files.keys()) {
        const { pathname } = new URL(request.url);
        if (!pathname.endsWith('.woff2') && !built.later.includes(pathname)) await files.delete(request);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'use') event.waitUntil(senderEnds(navigator.locks).then(() => self.skipWaiting()));
  // Asked for again at the next search where it fails.
  if (event.data === 'keep search') event.waitUntil(keep(LATER, built.later).catch(() => undefined));
});

/** Background Sync API, which TypeScript does not know. */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

self.addEventListener('sync' as 'message', (event) => {
  if ((event as unknown as SyncEvent).tag !== SENDING) return;
  const channel = new BroadcastChannel('carrel');
  event.waitUntil(
    sendWhatWaits({
      fetch: (path, init) => fetch(path, init),
      now: () => Date.now(),
      random: () => Math.random(),
      locks: navigator.locks ?? null,
      tell: (told) => channel.postMessage(told),
    }).finally(() => channel.close()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || OF_THE_LIBRARY.test(url.pathname)) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : file(url.pathname, request));
});

/** Put files in a cache, all or none; a hashed one that an earlier version has is taken from there. */
async function keep(name: string, paths: string[]): Promise<void> {
  const cache = await caches.open(name);
  const missing: string[] = [];
  for (const path of paths) {
    const known = path.startsWith(HASHED) ? await caches.match(path) : undefined;
    if (known) await cache.put(path, known);
    else missing.push(path);
  }
  await cache.addAll(missing.map((path) => new Request(path, { cache: path.startsWith(HASHED) ? 'default' : 'no-cache' })));
}

/** Every address of the app is the same page; the page finds the view. */
async function page(request: Request): Promise<Response> {
  return (await (await caches.open(SHELL)).match('/index.html')) ?? fetch(request);
}

async function file(path: string, request: Request): Promise<Response> {
  const known = (await (await caches.open(SHELL)).match(path)) ?? (await (await caches.open(LATER)).match(path));
  if (known) return known;
  const came = await fetch(request);
  if (came.ok && path.startsWith(HASHED)) {
    const copy = came.clone();
    // A full disk is no reason to withhold what has come.
    await (await caches.open(LATER)).put(path, copy).catch(() => undefined);
  }
  return came;
}
