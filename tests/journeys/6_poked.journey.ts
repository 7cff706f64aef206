/** A change made on one device shows on another that is looked at, because the library says so and not because it was asked. */
import { afterAll, expect, test } from 'vitest';
import { closeAll, launch } from './browser.ts';
import { Reader } from './reader.ts';
import { House, temporary } from './server.ts';
import { activePatron, keptOffline, openLoans, signIn } from './steps.ts';
import { day, dayOf } from '../../pwa/words/dates.ts';

afterAll(closeAll);

async function soon(why: string, claim: () => boolean): Promise<void> {
  for (let turns = 0; !claim(); turns += 1) {
    if (turns > 400) throw new Error(`waited in vain: ${why}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('what is renewed on a second device shows on the first without being asked for', async () => {
  const house = await House.open();
  const { wire } = house;
  const patron = await activePatron(house.origin);
  const browser = await launch('chromium', temporary('profile'), house.origin);
  const tab = await browser.open('/');
  await signIn(tab, patron.name);
  await keptOffline(tab);
  // from here on the service worker stands between page and library
  await openLoans(tab);
  await tab.until('the service worker is in charge', () => navigator.serviceWorker.controller !== null, null);
  await soon('the page listens', () => wire.streams === 1);
  await tab.shows(day(patron.renewable.due_on, dayOf(Date.now())));

  const other = new Reader(house.origin);
  await other.signIn([], patron.name);
  const before = wire.posts('/sync/1').length;
  const [outcome] = await other.push([{ op: 'loans.renew@1', args: { loan: patron.renewable.id } }]);
  expect(outcome?.st).toMatch(/done|changed/);
  const due = String(other.facts.get(`loans:${patron.renewable.id}`)?.body['due_on']);
  expect(due).not.toBe(patron.renewable.due_on);
  await tab.shows(day(due, dayOf(Date.now())));
  // the second device's one, and that of the page which was poked
  expect(wire.posts('/sync/1').length - before).toBe(2);

  // the library is closed and opened again: the page finds its way back by itself
  await house.leave();
  await soon('the stream has ended', () => wire.streams === 0);
  await house.arrive();
  await soon('the page listens again', () => wire.streams === 1);

  // nobody looks at the page any more: it is put away, and its stream with it
  await tab.go('/icons/carrel.svg');
  await soon('the page no longer listens', () => wire.streams === 0);
  expect(browser.faults()).toEqual([]);
  await browser.close();
  await house.close();
});
