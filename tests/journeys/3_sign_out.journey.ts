/**
 * Sign-out leaves no private byte: not where the page can look (databases, caches, private files), and not in
 * the files of the browser's closed profile, with a network or without.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, KINDS, launch, type Kind, type Tab } from './browser.ts';
import { Reader } from './reader.ts';
import { House, remove, temporary } from './server.ts';
import {
  activePatron,
  askToBook,
  askToRenew,
  catalogueOnDevice,
  hits,
  keptOffline,
  openLoans,
  openRooms,
  openWaiting,
  search,
  signIn,
  startSignOut,
  type ActivePatron,
} from './steps.ts';
import { holding, kept, scan } from './storage.ts';
import { need, room } from '../../pwa/words/bookings.ts';
import { signOut } from '../../pwa/words/identity.ts';

afterAll(closeAll);

/** What only this reader's account holds; titles and rooms stand in what everyone may know. */
async function privateWords(origin: string, patron: ActivePatron): Promise<string[]> {
  const reader = new Reader(origin);
  await reader.signIn([], patron.name);
  const about = reader.kept('patron')[0]?.body ?? {};
  const words = [patron.id, about['card_number'], ...reader.kept('loans').map((row) => row.id), ...reader.kept('loans').map((row) => row.body['item']), ...reader.kept('bookings').map((row) => row.id)];
  const long = words.filter((word): word is string => typeof word === 'string' && word.length >= 6);
  if (long.length < 10) throw new Error(`expected words that only this account holds, got ${long.join(', ')}`);
  return [...new Set(long)];
}

/** Signs in and leaves traces wherever the app keeps something. */
async function settleIn(house: House, profile: string, kind: Kind, patron: ActivePatron): Promise<Tab & { end(): Promise<void> }> {
  const browser = await launch(kind, profile, house.origin);
  const tab = await browser.open('/');
  await signIn(tab, patron.name);
  await search(tab, patron.words);
  await hits(tab);
  await catalogueOnDevice(tab);
  await keptOffline(tab);
  await openLoans(tab);
  await tab.go('/rooms/need');
  await tab.click('checkbox', room.access.hearing_loop, 'main');
  await tab.click('button', need.apply, 'main');
  await openRooms(tab);
  return Object.assign(tab, { end: () => browser.close() });
}

describe.each(KINDS)('%s', (kind) => {
  test('what was there before is gone after sign-out, from every store and from the files of the closed browser', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    const patron = await activePatron(house.origin);
    const words = await privateWords(house.origin, patron);
    let tab = await settleIn(house, profile, kind, patron);
    await askToRenew(tab, patron.renewable.title).catch(() => undefined); // it may be answered at once
    await openWaiting(tab);
    // the search itself works: what is looked for is there before
    expect(await holding(tab, words)).not.toEqual([]);
    expect((await kept(tab))['local carrel.reader.rooms']).toContain('hearing_loop');
    await tab.end();
    expect(scan(profile, words)).not.toEqual([]);

    const browser = await launch(kind, profile, house.origin);
    const again = await browser.open('/loans');
    await startSignOut(again);
    expect(await holding(again, words)).toEqual([]);
    expect(Object.keys(await kept(again)).filter((place) => /^indexeddb .*me-|^local carrel\.reader/.test(place))).toEqual([]);
    await browser.close();
    expect(scan(profile, words)).toEqual([]);
    await house.close();
    remove(profile);
  });

  test('signed out without a network, the same; and the library ends the session when it hears of it', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    const patron = await activePatron(house.origin);
    const words = await privateWords(house.origin, patron);
    const tab = await settleIn(house, profile, kind, patron);
    await house.leave();
    await askToRenew(tab, patron.renewable.title);
    await tab.go('/sign-out');
    await tab.click('button', signOut.go, 'main');
    await tab.shows(signOut.waits(1), 30_000);
    // nothing is given up before the person says so
    expect(await holding(tab, [patron.renewable.id])).not.toEqual([]);
    await tab.click('button', signOut.discard(1), 'main');
    await tab.shows(signOut.out.heading, 30_000);
    expect(await holding(tab, words)).toEqual([]);
    await tab.end();
    expect(scan(profile, words)).toEqual([]);

    // opened from cold, still without a network: nobody is signed in, and nothing of the reader is shown
    const browser = await launch(kind, profile, house.origin);
    const cold = await browser.open('/loans');
    await cold.shows('Sign in to see this');
    expect(await cold.text()).not.toContain(patron.renewable.title);
    await house.arrive();
    await cold.go('/');
    await cold.until('the session has ended at the library too', async () => ((await (await fetch('/session', { cache: 'no-store' })).json()) as { patron: unknown }).patron === null, null, 30_000);
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  });
});
