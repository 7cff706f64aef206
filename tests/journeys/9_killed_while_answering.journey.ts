/** The library is killed while it answers, twice: every wish gets its outcome, and nothing is done a second time. */
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, KINDS, launch } from './browser.ts';
import { Reader } from './reader.ts';
import { House, remove, temporary } from './server.ts';
import { activePatron, answered, answersShown, askToBook, askToCancel, askToRenew, heardOnce, keptOffline, listen, openLoans, openRooms, openWaiting, sendNow, signIn } from './steps.ts';

afterAll(closeAll);

describe.each(KINDS)('%s', (kind) => {
  test('killed once after it had decided and once while it was deciding, the library has done each wish once', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    const patron = await activePatron(house.origin);
    const browser = await launch(kind, profile, house.origin);
    const tab = await browser.open('/');
    await signIn(tab, patron.name);
    await openRooms(tab);
    await openLoans(tab);
    await keptOffline(tab);
    const before = new Reader(house.origin);
    await before.signIn([], patron.name);
    await house.leave();
    await askToRenew(tab, patron.renewable.title);
    await askToCancel(tab, patron.booking);
    const wanted = await askToBook(tab, 0);
    await openWaiting(tab);
    await listen(tab);

    let kill: 'after it decided' | 'while it decides' | 'no more' = 'after it decided';
    let running = false;
    house.wire.fault = async ({ path, method }, when) => {
      if (path !== '/sync/1' || method !== 'POST' || kill === 'no more') return false;
      if (!running) return true;
      if (kill === 'after it decided' && when === 'answered') {
        // decided and on the disk, and the phone has not heard of it
        running = false;
        await house.library.stop('SIGKILL');
        return true;
      }
      if (kill === 'while it decides' && when === 'asked') {
        running = false;
        setTimeout(() => void house.library.stop('SIGKILL'), 3);
      }
      return false;
    };
    await house.wire.open();
    for (kill of ['after it decided', 'while it decides'] as const) {
      await house.library.start();
      running = true;
      await sendNow(tab);
      const deadline = Date.now() + 60_000;
      while ((running || house.library.open()) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(running).toBe(false);
    }
    await house.library.start();
    kill = 'no more';
    await sendNow(tab);
    await answered(tab, 3);

    const shown = await answersShown(tab);
    expect(shown).toHaveLength(3);
    for (const words of ['Renewed at', 'Cancelled at', 'Booked at']) expect(shown.filter((each) => each.includes(words))).toHaveLength(1);
    await heardOnce(tab);

    const after = new Reader(house.origin);
    await after.signIn([], patron.name);
    const times = (reader: Reader): number => Number(reader.kept('loans').find((row) => row.id === patron.renewable.id)?.body['renewals']);
    expect(times(after)).toBe(times(before) + 1);
    expect(after.kept('bookings').filter((row) => row.body['room'] === wanted.room && row.body['state'] === 'confirmed')).toHaveLength(
      before.kept('bookings').filter((row) => row.body['room'] === wanted.room && row.body['state'] === 'confirmed').length + 1,
    );
    expect(after.kept('bookings').find((row) => row.id === patron.booking.id)?.body['state']).toBe('cancelled');
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  });
});
