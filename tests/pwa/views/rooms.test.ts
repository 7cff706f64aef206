// @vitest-environment jsdom
/** Rooms: one's own bookings, what is free, and what became of each wish. */
import { screen, within } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alternative, booking, room, TWO, WholeLibrary } from './library.ts';
import { entry, fillTheDisk, hasPart, newDevice, page, Page, part, putDown, read, section, signedIn, texts, told } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

const HOUR_MS = 3_600_000;
const BOOK_1 = 'Book Group Room 1, today 13:00 to 14:00';
const BOOK_3 = 'Book Group Room 3, today 14:00 to 15:00';

describe('what is free', () => {
  test('is a list, the next free first, each with its place, its facts and one button that says all', async () => {
    await signedIn('/rooms');
    expect(texts('heading')).toEqual(['Study rooms', '2 rooms free today at Colchester', 'Group Room 1', 'Group Room 3']);
    expect(told('Group Room 1')).toBe(`Group Room 1 Floor 2, for 1 to 6 people Free from 13:00 until 18:00 Step-free Whiteboard ${BOOK_1}`);
    expect(page()).toContain('Shown: Colchester, today, 1 hour, 1 person.');
    expect(page()).toContain('Next free first, as of 10:30');
  });

  test('says what stands in the way of a room', async () => {
    const library = new WholeLibrary();
    library.rooms = [room({ access: { step_free: false, hearing_loop: true, adjustable_desk: false, adjustable_light: false, quiet: true, steps_at_entrance: 3 } })];
    await signedIn('/rooms', library);
    expect(told('Group Room 1')).toContain('3 steps at the entrance Hearing loop Quiet floor');
  });

  test('as a table has the same rooms under headers of its own, and is remembered', async () => {
    const tab = await signedIn('/rooms');
    await tab.tap('link', 'Table');
    expect(await tab.hear()).toEqual(['Shown as a table.']);
    await tab.again('/rooms');
    const table = screen.getByRole('table', { name: 'Free rooms at Colchester, today' });
    expect(within(table).getAllByRole('columnheader').map(read)).toEqual(['Room', 'Free', 'Where', 'Offers', 'Book']);
    expect(within(table).getAllByRole('rowheader').map(read)).toEqual(['Group Room 1', 'Group Room 3']);
    within(table).getByRole('button', { name: BOOK_1 });
    expect(screen.getByRole('link', { name: 'Table', current: true })).toBeTruthy();
  });

  test('is six rooms at first; the rest comes on request and reading goes on there', async () => {
    const library = new WholeLibrary();
    library.rooms = Array.from({ length: 8 }, (_, i) => room({ id: `r${i}`, name: `Group Room ${i + 1}` }));
    const tab = await signedIn('/rooms', library);
    expect(screen.getAllByRole('button', { name: /^Book/ })).toHaveLength(6);
    await tab.tap('button', 'Show 2 more rooms');
    expect(screen.getAllByRole('button', { name: /^Book/ })).toHaveLength(8);
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Group Room 7' }));
  });

  test('is nothing on a day that is full, which says what to try', async () => {
    const library = new WholeLibrary();
    library.rooms = [room({ free: [] })];
    await signedIn('/rooms', library);
    expect(texts('heading')).toEqual(['Study rooms', 'No room free today at Colchester', 'No room fits on that day']);
    expect(page()).toContain('Try another day, a shorter time, or fewer needs.');
  });

  test('is not known before it was ever read, which is not the same as nothing', async () => {
    await Page.openOffline('/rooms');
    expect(texts('heading')).toEqual(['Study rooms', 'Not known yet']);
    expect(page()).not.toContain('No room');
  });

  test('is on the device once somebody has signed in, though nobody has looked at it yet', async () => {
    const tab = await signedIn('/settings');
    await tab.hear();
    tab.offline();
    await tab.again('/rooms');
    expect(texts('heading')).toContain('2 rooms free today at Colchester');
    await tab.tap('button', BOOK_1);
    expect(page()).toContain('Not yet confirmed.');
  });

  test('is shown to anyone, but booked by someone', async () => {
    await Page.open('/rooms');
    expect(screen.queryByRole('button')).toBeNull();
    expect(screen.getByRole('link', { name: 'Sign in to book a room.' }).getAttribute('href')).toBe('/sign-in');
  });

  test('is only what fits the needs, and says so', async () => {
    const tab = await signedIn('/rooms');
    await tab.tap('link', 'Change what I need');
    await tab.hand.click(screen.getByRole('checkbox', { name: 'Hearing loop' }));
    await tab.tap('button', 'Show rooms');
    expect(page()).toContain('Shown: Colchester, today, 1 hour, 1 person, hearing loop.');
    screen.getByRole('heading', { name: 'No room free today at Colchester' });
  });
});

describe('what one needs', () => {
  test('is one form, each question with its own words', async () => {
    await signedIn('/rooms/need');
    expect(screen.getAllByRole('group').map((each) => read(each.querySelector('legend') as Element))).toEqual(['Which library', 'How long', 'What kind', 'The room has to have']);
    expect(screen.getAllByRole('combobox').map((each) => read((each as HTMLSelectElement).labels[0] as Element))).toEqual(['Which day', 'How many people']);
    expect(within(screen.getByLabelText('Which day')).getAllByRole('option').slice(0, 2).map(read)).toEqual(['Monday 23 November, today', 'Tuesday 24 November, tomorrow']);
  });

  test('is remembered on this device, and asked of every list', async () => {
    const tab = await signedIn('/rooms/need');
    await tab.hand.selectOptions(screen.getByLabelText('How many people'), '4');
    await tab.hand.click(screen.getByRole('radio', { name: '2 hours' }));
    await tab.tap('button', 'Show rooms');
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1, name: 'Study rooms' }));
    await tab.again('/rooms');
    expect(page()).toContain('Shown: Colchester, today, 2 hours, 4 people.');
    screen.getByRole('button', { name: 'Book Group Room 1, today 13:00 to 15:00' });
    await tab.again('/rooms/need');
    expect(screen.getByRole('radio', { name: '2 hours' })).toHaveProperty('checked', true);
    expect(screen.getByLabelText('How many people')).toHaveProperty('value', '4');
  });
});

describe('a room asked for', () => {
  test('with a network is booked and stands among one’s own, announced once', async () => {
    const tab = await signedIn('/rooms');
    await tab.tap('button', BOOK_1);
    expect(await tab.hear()).toEqual(['Book Group Room 1, today 13:00 to 14:00. Booked at 10:42. It is yours.']);
    expect(part('Your bookings')).toContain('Group Room 1 Today 13:00 to 14:00 Floor 2 Yours. Be there by 13:15.');
  });

  test('without a network is in pencil: not yet confirmed, and never called booked', async () => {
    const tab = await signedIn('/rooms');
    await tab.offline();
    await tab.tap('button', BOOK_3);
    expect(await tab.hear()).toEqual(['Your wish for Group Room 3 waits to be sent. Not yet confirmed.']);
    expect(part('Your bookings')).toContain('Not yet confirmed. You asked at 10:42. The library decides when it can be reached.');
    expect(part('Your bookings')).not.toMatch(/Yours\.|Be there by|booked/i);
  });

  test('can be taken back, which is said, and the focus goes to the heading before', async () => {
    const tab = await signedIn('/rooms');
    await tab.offline();
    await tab.tap('button', BOOK_3);
    await tab.hear();
    await tab.tap('button', 'Withdraw Group Room 3, today 14:00');
    expect(hasPart('Your bookings')).toBe(false);
    expect(await tab.hear()).toEqual(['Withdrawn: Book Group Room 3, today 14:00 to 15:00.']);
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
  });

  test('for which the device has no room left is not kept, and says beside the room what to do', async () => {
    const tab = await signedIn('/rooms');
    fillTheDisk();
    await tab.tap('button', BOOK_1);
    expect(entry('Group Room 1').getByRole('alert').textContent).toBe('This device has no room left, so your wish was not kept. Free some space, then ask again.');
    expect(hasPart('Your bookings')).toBe(false);
    expect(await tab.hear()).toEqual([]);
  });

  test('when the session has ended waits until one signs in again', async () => {
    const tab = await signedIn('/rooms');
    tab.library.patron = null;
    await tab.tap('button', BOOK_1);
    expect(part('Your bookings')).toContain('Not yet confirmed.');
    expect(part('Connection')).toContain('You were signed out at the library. Everything is kept here.');
  });
});

describe('a room that was taken meanwhile', () => {
  async function refused(): Promise<Page> {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'refused', code: 'room_taken', alt: [alternative('Group Room 2'), alternative('Group Room 1', { starts_at: TWO + HOUR_MS, ends_at: TWO + 2 * HOUR_MS }, 'same_room_later')] });
    const tab = await signedIn('/rooms', library);
    await tab.offline();
    await tab.tap('button', BOOK_1);
    await tab.hear();
    await tab.online();
    return tab;
  }

  test('is told once, with how many others could be had', async () => {
    const tab = await refused();
    expect(await tab.hear()).toEqual(['Book Group Room 1, today 13:00 to 14:00. Not booked, at 10:42. It was already taken. 2 other choices to take.']);
  });

  test('stands first on the page, with each other choice ready to tap', async () => {
    await refused();
    expect(texts('heading').slice(0, 2)).toEqual(['Study rooms', 'Book Group Room 1, today 13:00 to 14:00']);
    expect(page()).toContain('Not booked, at 10:42. It was already taken. Here is what is still free, as you asked.');
    const choices = within(screen.getByRole('list', { name: 'Choose another' }));
    expect(choices.getAllByRole('heading', { level: 3 }).map(read)).toEqual(['Group Room 2', 'Group Room 1']);
    expect(choices.getAllByRole('button').map(read)).toEqual(['Book Group Room 2, today 13:00 to 14:00', 'Book Group Room 1, today 15:00 to 16:00']);
    expect(choices.getAllByText(/^Same/).map(read)).toEqual(['Same time, another room', 'Same room, later']);
  });

  test('is no longer offered, as the list is read anew', async () => {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'refused', code: 'room_taken' });
    const tab = await signedIn('/rooms', library);
    library.rooms = library.rooms.slice(1);
    await tab.tap('button', BOOK_1);
    expect(screen.queryByRole('button', { name: BOOK_1 })).toBeNull();
    screen.getByRole('heading', { name: '1 room free today at Colchester' });
  });

  test('gives way to another choice with one tap, and the focus stays on the page', async () => {
    const tab = await refused();
    await tab.hear();
    await tab.tap('button', 'Book Group Room 2, today 13:00 to 14:00');
    expect(page()).not.toContain('It was already taken.');
    expect(part('Your bookings')).toContain('Yours. Be there by 13:15.');
    expect(document.activeElement?.closest('main')).not.toBeNull();
    expect(await tab.hear()).toEqual(['Book Group Room 2, today 13:00 to 14:00. Booked at 10:42. It is yours.']);
  });

  test('stays until it is put away, through a restart', async () => {
    const tab = await refused();
    const later = await tab.again('/rooms');
    expect(page()).toContain('It was already taken.');
    expect(await later.hear()).toEqual([]);
    await later.tap('button', 'Put this answer away: Book Group Room 1, today 13:00 to 14:00');
    expect(page()).not.toContain('It was already taken.');
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
  });
});

describe('a booking of one’s own', () => {
  const BOOKED = { k1: booking() };

  test('says when, where and by when to be there', async () => {
    await signedIn('/rooms', new WholeLibrary({ bookings: BOOKED }));
    expect(part('Your bookings')).toBe('Your bookings Group Room 1 Today 14:00 to 16:00 Floor 2 Yours. Be there by 14:15. Step-free Cancel Group Room 1, today 14:00');
  });

  test('is one’s own while its cancelling waits, and the wish can be taken back', async () => {
    const tab = await signedIn('/rooms', new WholeLibrary({ bookings: BOOKED }));
    await tab.offline();
    await tab.tap('button', 'Cancel Group Room 1, today 14:00');
    expect(part('Your bookings')).toContain('Cancelling waits to be sent. The room is yours until the library says otherwise.');
    expect(await tab.hear()).toEqual(['Cancelling Group Room 1 waits to be sent.']);
    await tab.tap('button', 'Keep Group Room 1 after all');
    expect(part('Your bookings')).toContain('Yours. Be there by 14:15.');
  });

  test('that was cancelled says so', async () => {
    const tab = await signedIn('/rooms', new WholeLibrary({ bookings: BOOKED }));
    await tab.tap('button', 'Cancel Group Room 1, today 14:00');
    expect(part('Your bookings')).toContain('Cancelled.');
    expect(await tab.hear()).toEqual(['Cancel Group Room 1, today 14:00 to 16:00. Cancelled at 10:42. The room is free for others.']);
  });

  test('that could not be cancelled says so beside it', async () => {
    const library = new WholeLibrary({ bookings: BOOKED });
    library.verdicts.push({ st: 'refused', code: 'already_started' });
    const tab = await signedIn('/rooms', library);
    await tab.tap('button', 'Cancel Group Room 1, today 14:00');
    expect(part('Your bookings')).toContain('Not cancelled, at 10:42. It has begun. Leave early if you like; nothing else is needed.');
    await tab.tap('button', 'Put this answer away: Cancel Group Room 1, today 14:00 to 16:00');
    expect(part('Your bookings')).not.toContain('Not cancelled');
    expect(document.activeElement).toBe(within(section('Your bookings')).getByRole('heading', { name: 'Group Room 1' }));
  });

  test('is checked in to when it is time; without a network it says that this does not count yet', async () => {
    const tab = await signedIn('/rooms', new WholeLibrary({ bookings: { k1: booking({ starts_at: TWO - 3 * HOUR_MS, ends_at: TWO - HOUR_MS, check_in_from: TWO - 3.5 * HOUR_MS, grace_ends_at: TWO - 2.75 * HOUR_MS }) } }));
    await tab.offline();
    await tab.tap('button', 'I am in Group Room 1');
    expect(part('Your bookings')).toContain('Checking in waits to be sent. It counts once the library has it, by 11:15. Without a network, say so at the help desk.');
    expect(await tab.hear()).toEqual(['Checking in to Group Room 1 waits to be sent.']);
    await tab.online();
    expect(part('Your bookings')).toContain('You are checked in.');
    expect(await tab.hear()).toEqual(['Check in to Group Room 1, today 11:00 to 13:00. Checked in at 10:42. The room is yours to the end.']);
  });

  test('cannot be checked in to before its time', async () => {
    await signedIn('/rooms', new WholeLibrary({ bookings: BOOKED }));
    expect(screen.queryByRole('button', { name: 'I am in Group Room 1' })).toBeNull();
  });

  test('is gone from the list once it is over', async () => {
    await signedIn('/rooms', new WholeLibrary({ bookings: { k1: booking({ starts_at: TWO - 6 * HOUR_MS, ends_at: TWO - 5 * HOUR_MS, state: 'completed' }) } }));
    expect(hasPart('Your bookings')).toBe(false);
  });
});
