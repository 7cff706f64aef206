/**
 * The whole promise, once in each browser: sign in, search, go offline, reopen from cold, ask for everything,
 * come back, and get an answer for every wish; a room that another reader took meanwhile comes back as choices.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, KINDS, launch } from './browser.ts';
import { Reader } from './reader.ts';
import { House, remove, temporary } from './server.ts';
import { wishes } from './storage.ts';
import {
  activePatron,
  alternatives,
  answered,
  answersShown,
  askToBook,
  askToCancel,
  askToRenew,
  catalogueOnDevice,
  heardOnce,
  hits,
  keptOffline,
  listen,
  openLoans,
  openRooms,
  openWaiting,
  putAway,
  search,
  sendNow,
  signIn,
  waitingShown,
  withdrawBooking,
} from './steps.ts';

afterAll(closeAll);

describe.each(KINDS)('%s', (kind) => {
  test('what is asked offline is sent in one request and every wish gets its answer', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    const patron = await activePatron(house.origin);

    // online: sign in with one tap, search as you type, the catalogue comes onto the device
    let browser = await launch(kind, profile, house.origin);
    let tab = await browser.open('/');
    await signIn(tab, patron.name);
    await search(tab, patron.words);
    expect((await hits(tab)).join('\n')).toContain(patron.title);
    await catalogueOnDevice(tab);
    await openLoans(tab);
    await openRooms(tab);
    await keptOffline(tab);
    await browser.close();

    // the server is stopped, the browser opened from cold
    await house.leave();
    browser = await launch(kind, profile, house.origin);
    tab = await browser.open('/');
    await search(tab, patron.words.slice(0, -2));
    expect((await hits(tab)).join('\n')).toContain(patron.title);
    await tab.click('link', new RegExp(patron.title.slice(0, 20)), 'main');
    await tab.until('the record is open', (title) => document.querySelector('h1')?.textContent?.includes(title), patron.title.slice(0, 20));

    // loans: what is safe, and why one does not renew, before any tap
    await openLoans(tab);
    expect(await tab.text()).toContain(patron.renewable.safe);
    for (const reason of patron.reasons) expect(await tab.text()).toContain(reason);
    await askToRenew(tab, patron.renewable.title);
    await askToCancel(tab, patron.booking);
    const taken = await askToBook(tab, 0);
    const second = await askToBook(tab, 1);
    await openWaiting(tab);
    expect(await waitingShown(tab)).toHaveLength(4);

    // one is withdrawn, and the rest survives another cold start
    await withdrawBooking(tab, second.room_name);
    expect(await waitingShown(tab)).toHaveLength(3);
    await browser.close();
    browser = await launch(kind, profile, house.origin);
    tab = await browser.open('/waiting');
    expect(await waitingShown(tab)).toHaveLength(3);
    const wished = (await wishes(tab, 'bookings.book@1')).find((wish) => wish.args['room'] === taken.room)?.args;
    expect(wished).toBeDefined();

    // the server is back behind the wire; another reader takes the room before this phone is heard
    await house.library.start();
    const other = new Reader(`http://127.0.0.1:${house.library.port}`);
    await other.signIn([patron.id], patron.other);
    expect((await other.push([{ op: 'bookings.book@1', args: wished ?? {} }])).map((outcome) => outcome.st)).toEqual(['done']);

    await listen(tab);
    house.wire.exchanges.length = 0;
    await house.wire.open();
    await sendNow(tab);
    await answered(tab);
    const sent = house.wire
      .posts('/sync/1')
      .map((exchange) => (JSON.parse(exchange.body) as { intents?: { op: string }[] }).intents ?? [])
      .filter((intents) => intents.length > 0)
      .map((intents) => intents.map((intent) => intent.op).sort());
    // three wishes, and the withdrawal in the place of the fourth, in one request
    expect(sent).toEqual([['bookings.book@1', 'bookings.cancel@1', 'loans.renew@1', 'sync.withdraw@1']]);

    // every wish has its outcome, said once, and kept until it is put away
    const shown = await answersShown(tab);
    expect(shown).toHaveLength(3);
    await heardOnce(tab);
    await tab.reload();
    await tab.until('the answers are still there', () => document.querySelector('h1') !== null, null);
    expect(await answersShown(tab)).toHaveLength(3);

    // the refused room has choices; one tap, and it is really booked
    const choice = await alternatives(tab);
    expect(choice.length).toBeGreaterThan(0);
    await tab.click('button', choice[0] ?? '', 'main');
    await tab.shows('Booked at', 30_000);
    await answered(tab);
    const here = new Reader(house.origin);
    await here.signIn([], patron.name);
    const booked = here.kept('bookings').filter((row) => row.body['state'] === 'confirmed');
    expect(booked.some((row) => choice[0]?.includes(String(row.body['room_name'])))).toBe(true);
    expect(here.kept('bookings').find((row) => row.id === patron.booking.id)?.body['state']).toBe('cancelled');
    const renewed = here.kept('loans').find((row) => row.id === patron.renewable.id);
    expect(String(renewed?.body['due_on']) >= patron.renewable.due_on).toBe(true);

    // only what is put away goes, and it stays away
    const kept = (await answersShown(tab)).length;
    await putAway(tab);
    expect(await answersShown(tab)).toHaveLength(kept - 1);
    await tab.reload();
    expect(await answersShown(tab)).toHaveLength(kept - 1);
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  });
});
