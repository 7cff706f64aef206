/** A newer app that is asked for starts when the page that sends has ended its request, and not before. */
import { afterAll, expect, test } from 'vitest';
import { closeAll, launch } from './browser.ts';
import { House, remove, temporary } from './server.ts';
import { keptOffline } from './steps.ts';

afterAll(closeAll);

interface Sender {
  ended(): void;
}

test('while a page sends, the newer app waits', async () => {
  const house = await House.open();
  const profile = temporary('profile');
  const browser = await launch('chromium', profile, house.origin);
  const tab = await browser.open('/');
  await keptOffline(tab);
  await tab.until('the service worker is in charge', () => navigator.serviceWorker.controller !== null, null);
  const sends = await browser.open('/help');
  await sends.read(() => new Promise<void>((begun) => void navigator.locks.request('carrel-sync', () => {
    begun();
    return new Promise<void>((ended) => Object.assign(window, { sender: { ended } satisfies Sender }));
  })), null);

  house.wire.rewrite = (path, body) => (path === '/service_worker.js' ? body.replace(/(\\"version\\":\\")\w+/, '$1newer') : body);
  await tab.go('/');
  await tab.read(async () => void (await (await navigator.serviceWorker.getRegistration())?.update()), null);
  await tab.shows('Start the newer Carrel');
  await tab.click('button', 'Start the newer Carrel');
  await tab.until('the newer app waits for the sender', async () => (await navigator.locks.query()).pending?.some(({ name }) => name === 'carrel-sync'), null);
  expect(await tab.read(async () => (await navigator.serviceWorker.getRegistration())?.waiting !== null, null)).toBe(true);

  await sends.read(() => (window as unknown as { sender: Sender }).sender.ended(), null);
  await tab.until('the newer app is in charge', async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration?.waiting === null && (await caches.keys()).includes('carrel-shell-newer');
  }, null);
  expect(browser.faults()).toEqual([]);
  await browser.close();
  await house.close();
  remove(profile);
});
