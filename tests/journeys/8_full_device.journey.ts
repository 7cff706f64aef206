/** On a device without room a wish is not taken silently: it is said, nothing waits, and asking again works. */
import { afterAll, expect, test } from 'vitest';
import { closeAll, launch, type Tab } from './browser.ts';
import { House, remove, temporary } from './server.ts';
import { activePatron, answered, askToRenew, keptOffline, openLoans, openRooms, openWaiting, sendNow, signIn, waitingShown } from './steps.ts';
import { notKept } from '../../pwa/words/common.ts';
import { loans } from '../../pwa/words/loans.ts';

afterAll(closeAll);

/** Keeps more and more in a database beside the app's, until nothing at all goes in. */
async function fillUp(tab: Tab): Promise<void> {
  await tab.read(async () => {
    /** A database that met a full device may be closed by it, so it is opened for each piece. */
    const keep = (bytes: Uint8Array): Promise<boolean> =>
      new Promise((done) => {
        const asked = indexedDB.open('filler', 1);
        asked.onupgradeneeded = () => asked.result.createObjectStore('bytes');
        asked.onerror = () => done(false);
        asked.onsuccess = () => {
          const filler = asked.result;
          const tell = (kept: boolean) => (): void => {
            filler.close();
            done(kept);
          };
          try {
            const tx = filler.transaction('bytes', 'readwrite');
            tx.objectStore('bytes').put(bytes, crypto.randomUUID());
            tx.oncomplete = tell(true);
            tx.onabort = tell(false);
          } catch {
            tell(false)();
          }
        };
      });
    // random bytes cannot be squeezed
    for (let size = 60_000; size > 10; ) if (!(await keep(crypto.getRandomValues(new Uint8Array(size))))) size = Math.floor(size / 2);
  }, null);
}

test('in Firefox with its quota used up, neither a renewal nor a room is taken, and both are said', async () => {
  const house = await House.open();
  const profile = temporary('profile');
  const patron = await activePatron(house.origin);
  const browser = await launch('firefox', profile, house.origin, { preferences: { 'dom.quotaManager.temporaryStorage.fixedLimit': 1_500 } });
  const tab = await browser.open('/');
  await signIn(tab, patron.name);
  await keptOffline(tab);
  await openRooms(tab);
  await openLoans(tab);
  await house.leave();
  await fillUp(tab);

  await tab.click('button', loans.renew(patron.renewable.title), 'main');
  await tab.shows(notKept);
  expect(await tab.count({ role: 'button', name: loans.renew(patron.renewable.title) })).toBe(1);
  await openRooms(tab);
  await tab.click('button', /^Book /, 'main');
  await tab.shows(notKept);
  await openWaiting(tab);
  await tab.shows('Nothing waits');

  // once there is room again, the same tap is kept, and done when the library is back
  await tab.read(() => new Promise((done) => (indexedDB.deleteDatabase('filler').onsuccess = done)), null);
  await askToRenew(tab, patron.renewable.title);
  await openWaiting(tab);
  expect(await waitingShown(tab)).toEqual([`1. Renew ${patron.renewable.title}`]);
  await house.arrive();
  await sendNow(tab);
  await answered(tab);
  await tab.shows('Renewed at');
  await browser.close();
  await house.close();
  remove(profile);
});
