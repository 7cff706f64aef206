/**
 * Cold start without a network: from a closed browser, with the server stopped, to the first loan on screen;
 * as a ratio to a bare static page with a service worker of five lines, in the same run.
 *
 * Each round starts a new browser for each of the two, in turn. The time runs inside the page, from the
 * start of the navigation to the frame after the words stand there, so that starting the browser itself,
 * which is the same for both and larger than either, does not flatter the ratio.
 */
import http from 'node:http';
import { launch, closeAll } from '../journeys/browser.ts';
import { House, freePort, remove, temporary } from '../journeys/server.ts';
import { activePatron, keptOffline, signIn } from '../journeys/steps.ts';

const ROUNDS = 9;
const GOAL = 2.5;

const BARE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title>
<meta name="viewport" content="width=device-width"><script src="/bare.js" defer></script><h1>Loans</h1><p data-first>Beloved</p></html>`;
const BARE_SCRIPT = `navigator.serviceWorker.register('/sw.js')`;
const BARE_WORKER = `addEventListener('install', (e) => e.waitUntil(caches.open('bare').then((c) => c.addAll(['/', '/bare.js']))));
addEventListener('activate', (e) => e.waitUntil(clients.claim()));
addEventListener('fetch', (e) => e.respondWith(caches.match(e.request).then((r) => r ?? fetch(e.request))));`;

function bareServer(): http.Server {
  return http.createServer((request, reply) => {
    const files: Record<string, [string, string]> = {
      '/': ['text/html', BARE],
      '/bare.js': ['text/javascript', BARE_SCRIPT],
      '/sw.js': ['text/javascript', BARE_WORKER],
    };
    const file = files[request.url ?? '/'];
    reply.writeHead(file ? 200 : 404, { 'content-type': file?.[0] ?? 'text/plain' });
    reply.end(file?.[1] ?? '');
  });
}

/** Milliseconds from the start of the navigation to the frame after `selector` has words. */
async function start(profile: string, origin: string, path: string, selector: string): Promise<number> {
  const browser = await launch('chromium', profile, origin, { shownWhen: selector });
  const tab = await browser.open(path);
  const shown_ms = await tab.until('it is on screen', () => (window as unknown as { shownAt?: number }).shownAt ?? 0, null);
  await browser.close();
  return shown_ms;
}

const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const house = await House.open();
const [appProfile, bareProfile] = [temporary('profile'), temporary('profile')];
const barePort = await freePort();
const bare = bareServer().listen(barePort, '127.0.0.1');
const bareOrigin = `http://127.0.0.1:${barePort}`;
try {
  const first = await launch('chromium', appProfile, house.origin);
  const tab = await first.open('/');
  await signIn(tab, (await activePatron(house.origin)).name);
  await tab.go('/loans');
  await tab.find({ role: 'heading', within: 'main article, main li' });
  await keptOffline(tab);
  await first.close();
  const second = await launch('chromium', bareProfile, bareOrigin);
  const bareTab = await second.open('/');
  await bareTab.until('the bare page is kept', async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated', null);
  await second.close();
  await house.leave();
  bare.closeAllConnections();
  await new Promise((resolve) => bare.close(resolve));

  const times: Record<'app' | 'bare', number[]> = { app: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.bare.push(await start(bareProfile, bareOrigin, '/', '[data-first]'));
    times.app.push(await start(appProfile, house.origin, '/loans', 'main article h3, main li h3'));
  }
  const ratio = middle(times.app) / middle(times.bare);
  console.log(`first loans after ${middle(times.app).toFixed(0)} ms, the bare page after ${middle(times.bare).toFixed(0)} ms`);
  console.log(
    JSON.stringify({
      name: 'offline_start',
      value: Math.round(ratio * 100) / 100,
      unit: 'x a bare page',
      goal: `<= ${GOAL}`,
      met: ratio <= GOAL,
      about: `medians of ${ROUNDS}: ${middle(times.app).toFixed(0)} ms and ${middle(times.bare).toFixed(0)} ms, browser closed between`,
    }),
  );
} finally {
  await closeAll();
  bare.close();
  await house.close();
  remove(appProfile);
  remove(bareProfile);
}
