/**
 * Keeps the app's own files, so that it opens without a network. Knows nothing of the reader: what is asked
 * under /sync, /session, /pub and /catalogue goes to the library and is never kept here.
 */
declare const self: ServiceWorkerGlobalScope;
export {};

interface Built {
  version: string;
  shell: string[];
  later: string[];
}

const built = JSON.parse('__BUILT__') as Built;
const SHELL = `carrel-shell-${built.version}`;
const LATER = 'carrel-files';
const OF_THE_LIBRARY = /^\/(sync|session|pub|catalogue)\//;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(SHELL);
      const missing: string[] = [];
      for (const path of built.shell) {
        // A hashed file is the same for ever: it is taken from the version before, where that has it.
        const known = path.startsWith('/assets/') ? await caches.match(path) : undefined;
        if (known) await cache.put(path, known);
        else missing.push(path);
      }
      await cache.addAll(missing.map((path) => new Request(path, { cache: 'no-cache' })));
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith('carrel-shell-') && name !== SHELL) await caches.delete(name);
      const kept = await caches.open(LATER);
      for (const request of await kept.keys()) {
        const path = new URL(request.url).pathname;
        if (path.startsWith('/assets/') && !/\.woff2$/.test(path) && !built.later.includes(path)) await kept.delete(request);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'use') void self.skipWaiting();
  if (event.data === 'keep search') event.waitUntil(keepLater());
});

async function keepLater(): Promise<void> {
  const kept = await caches.open(LATER);
  for (const path of built.later) {
    if (!(await kept.match(path))) await kept.add(path).catch(() => undefined);
  }
}

self.addEventListener('fetch', (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || OF_THE_LIBRARY.test(`${url.pathname}/`)) return;
  event.respondWith(request.mode === 'navigate' ? shell('/index.html', request) : file(url.pathname, request));
});

async function shell(path: string, request: Request): Promise<Response> {
  return (await (await caches.open(SHELL)).match(path)) ?? fetch(request);
}

async function file(path: string, request: Request): Promise<Response> {
  const known = (await (await caches.open(SHELL)).match(path)) ?? (await (await caches.open(LATER)).match(path));
  if (known) return known;
  const came = await fetch(request);
  if (came.ok && path.startsWith('/assets/')) await (await caches.open(LATER)).put(path, came.clone());
  return came;
}
