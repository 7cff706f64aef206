/** A wish made offline is sent by the browser though no page of the app is open: Background Sync, which Chromium has. */
import { afterAll, expect, test } from 'vitest';
import { closeAll, launch, type Tab } from './browser.ts';
import { Reader } from './reader.ts';
import { House, remove, temporary } from './server.ts';
import { activePatron, answersShown, askToRenew, keptOffline, openLoans, openWaiting, settled, signIn } from './steps.ts';
import { SENDING } from '../../pwa/app/background_tag.ts';

afterAll(closeAll);

/** Tell the service worker what the browser tells it when there is a network again. */
async function networkIsBack(beside: Tab, origin: string): Promise<void> {
  const protocol = await beside.chromium().context().newCDPSession(beside.chromium());
  const registration = new Promise<string>((found) => {
    protocol.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(origin));
      if (own) found(own.registrationId);
    });
  });
  await protocol.send('ServiceWorker.enable');
  await protocol.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId: await registration, tag: SENDING, lastChance: false });
  await protocol.detach();
}

test('with every page closed the wish reaches the library, and the next page tells what came of it, once', async () => {
  const house = await House.open();
  const profile = temporary('profile');
  const patron = await activePatron(house.origin);
  const browser = await launch('chromium', profile, house.origin);
  const tab = await browser.open('/');
  await signIn(tab, patron.name);
  await openLoans(tab);
  await keptOffline(tab);
  await tab.until('the service worker is in charge', () => navigator.serviceWorker.controller !== null, null);
  await house.leave();
  await askToRenew(tab, patron.renewable.title);
  await tab.until('the browser was asked to send later', async (tag) => {
    const { sync } = (await navigator.serviceWorker.ready) as unknown as { sync: { getTags(): Promise<string[]> } };
    return (await sync.getTags()).includes(tag);
  }, SENDING);

  const beside = await browser.open('/help');
  await beside.chromium().goto('about:blank');
  await tab.close();
  await house.arrive();
  const before = house.wire.posts('/sync/1').length;
  await networkIsBack(beside, house.origin);
  const deadline = Date.now() + 20_000;
  while (house.wire.posts('/sync/1').length === before && Date.now() < deadline) await new Promise((soon) => setTimeout(soon, 50));
  const reader = new Reader(house.origin);
  await reader.signIn([], patron.name);
  const loan = reader.kept('loans').find(({ id }) => id === patron.renewable.id);
  expect(String(loan?.body['due_on']) > patron.renewable.due_on).toBe(true);

  const next = await browser.open('/help');
  const spoken = (title: string): boolean => document.querySelector('#announcer')?.textContent?.includes(title) ?? false;
  await next.until('what came of it is told', spoken, patron.renewable.title);
  const after = await browser.open('/waiting');
  await openWaiting(after);
  expect(await answersShown(after)).toHaveLength(1);
  await settled(after);
  expect(await after.read(spoken, patron.renewable.title)).toBe(false);
  expect(browser.faults()).toEqual([]);
  await browser.close();
  await house.close();
  remove(profile);
});
