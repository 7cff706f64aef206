// @vitest-environment jsdom
/** What a screen reader says on the ways that matter most, kept as plain text to be read and judged. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alternative, booking, RECORD, WholeLibrary } from '../pwa/views/library.ts';
import { newDevice, putDown, signedIn } from '../pwa/views/page.ts';
import { Listener } from './listener.ts';

beforeEach(newDevice);
afterEach(putDown);

const BOX = 'Title, author, subject or ISBN';

const CHANGED = 'what is heard has changed: read the new text as someone who hears it; when it is meant so, keep it with `make transcripts`';

async function same(name: string, listener: Listener): Promise<void> {
  await expect(await listener.ends(), CHANGED).toMatchFileSnapshot(`transcripts/${name}.txt`);
}

test('a search, heard from the first page to the record and back', async () => {
  const library = new WholeLibrary();
  library.records = [RECORD, { ...RECORD, id: 'b2', title: 'To the lighthouse', author: 'Woolf, Virginia', year: 1927, shelfmark: 'PR 6045 .O72', copies: 1 }];
  library.availability = { b2: { copies: 1, out: 1, first_due_on: '2026-12-02' } };
  const tab = await signedIn('/', library);
  const listener = await Listener.start(tab, 'Search: from the first page to a record and back to its row.');
  await listener.does('follows the link Search', () => tab.go('/search'));
  await listener.tabsTo('searchbox', BOX);
  await listener.does('types “o” and waits', () => tab.hand.keyboard('o'));
  await listener.does('presses Enter', () => tab.hand.keyboard('{Enter}'));
  await listener.readsToTheEnd();
  await listener.does('follows the link To the lighthouse', () => tab.tap('link', 'To the lighthouse'));
  await listener.readsToTheEnd();
  await listener.does('presses Copy shelfmark', () => tab.tap('button', /^Copy shelfmark/));
  await listener.does('goes back', () => tab.back());
  await same('search', listener);
});

test('a renewal without a network, heard from the tap to the answer', async () => {
  const tab = await signedIn('/');
  const listener = await Listener.start(tab, 'Renew offline: asked for without a network, waiting, sent, answered, put away.');
  await listener.does('loses the network', () => tab.offline());
  await listener.does('follows the link Loans', () => tab.go('/loans'));
  await listener.readsToTheEnd();
  await listener.does('presses Renew Beloved', () => tab.tap('button', 'Renew Beloved'));
  await listener.does('follows the link Waiting', () => tab.go('/waiting'));
  await listener.readsToTheEnd();
  await listener.does('is back in the network', () => tab.online());
  await listener.seeks(2, 'Answers');
  await listener.readsToTheEnd();
  await listener.does('puts the answer away', () => tab.tap('button', /^Put this answer away/));
  await same('renew-offline', listener);
});

test('a room that was taken, heard with what else could be had', async () => {
  const library = new WholeLibrary({ bookings: { k1: booking() } });
  library.verdicts.push({ st: 'refused', code: 'room_taken', alt: [alternative('Group Room 2'), alternative('Pod 1', {}, 'near_time_elsewhere')] });
  const tab = await signedIn('/', library);
  const listener = await Listener.start(tab, 'Booking refused: a room is asked for, was taken, and another is booked with one press.');
  await listener.does('follows the link Rooms', () => tab.go('/rooms'));
  await listener.readsToTheEnd();
  await listener.does('presses Book Group Room 3', () => tab.tap('button', /^Book Group Room 3/));
  await listener.seeks(2, 'Book Group Room 3');
  await listener.readsToTheEnd();
  await listener.does('presses Book Group Room 2', () => tab.tap('button', /^Book Group Room 2/));
  await same('booking-refused', listener);
});
