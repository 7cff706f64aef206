// @vitest-environment jsdom
/** Today: what needs the reader, what is safe, what is next, what is open. */
import { screen, within } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { booking, loan, REQUESTED, TWO, WholeLibrary } from './library.ts';
import { connection, newDevice, page, Page, part, putDown, section, signedIn, texts } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

describe('to someone signed in', () => {
  test('what goes back says why, by when, and where', async () => {
    await signedIn('/');
    expect(part('Needs you')).toContain('Needs you 1 thing Take back Jazz Another reader has asked for it. Return by Thursday 26 November, in 3 days.');
    expect(screen.getByRole('link', { name: 'Where to return Jazz' }).getAttribute('href')).toBe('/records/b2');
  });

  test('what is overdue says since when', async () => {
    await signedIn('/', new WholeLibrary({ loans: { l1: loan({ due_on: '2026-11-19', state: 'overdue', renews_itself: false, renewal: { can: false, why: 'overdue' } }) } }));
    expect(part('Needs you')).toContain('Was due Thursday 19 November, 4 days ago.');
  });

  test('what renews itself is told in one sentence, with the day until which nothing has to be done', async () => {
    await signedIn('/');
    expect(part('Your loans')).toContain('2 on loan. 1 is safe until Monday 30 November and renews without you, unless someone asks. 1 goes back this week.');
  });

  test('with nothing to do it says so', async () => {
    await signedIn('/', new WholeLibrary({ loans: { l1: loan() } }));
    expect(part('Needs you')).toBe('Needs you Nothing needs you today.');
  });

  test('with nothing on loan and nothing booked no part is left without a sentence', async () => {
    await signedIn('/', new WholeLibrary({ loans: {} }));
    expect(texts('heading')).toEqual(['Today', 'Needs you', 'Next booking', 'Open now']);
    expect(part('Next booking')).toContain('You have no booking.');
  });

  test('the next booking says where, when, and by when to be there', async () => {
    await signedIn('/', new WholeLibrary({ bookings: { k2: booking({ room_name: 'Pod 4', starts_at: TWO + 86_400_000, ends_at: TWO + 90_000_000 }), k1: booking() } }));
    expect(part('Next booking')).toContain('Group Room 1, Floor 2 Yours from 14:00 to 16:00. Be there by 14:15. Step-free');
    expect(part('Next booking')).not.toContain('Pod 4');
  });

  test('a booking that is only wished for is not the next one', async () => {
    const tab = await signedIn('/rooms');
    await tab.offline();
    await tab.tap('button', /^Book Group Room 1/);
    await tab.go('/');
    expect(part('Next booking')).toContain('You have no booking.');
  });

  test('a cancelled or released booking is not the next one', async () => {
    await signedIn('/', new WholeLibrary({ bookings: { k1: booking({ state: 'cancelled' }), k2: booking({ state: 'released' }) } }));
    expect(part('Next booking')).toContain('You have no booking.');
  });

  test('an answer that was no leads to the answers, and counts as one thing', async () => {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'refused', code: 'too_soon' });
    const tab = await signedIn('/loans', library);
    await tab.tap('button', 'Renew Beloved');
    await tab.go('/');
    expect(part('Needs you')).toContain('2 things An answer has come');
    await tab.tap('link', 'Read the answer');
    expect(location.pathname).toBe('/waiting');
  });

  test('each part names itself, and leads on', async () => {
    await signedIn('/');
    for (const [name, link, to] of [['Your loans', 'See all 2 loans', '/loans'], ['Next booking', 'See what is free', '/rooms'], ['Open now', 'All opening hours', '/hours']]) {
      expect(within(section(name as string)).getByRole('link', { name: link as string }).getAttribute('href')).toBe(to);
    }
  });
});

describe('opening', () => {
  test('each service says whether it is open and until when, not by colour alone', async () => {
    await signedIn('/');
    expect(within(section('Open now')).getAllByRole('listitem').map((each) => each.textContent?.trim())).toEqual([
      'Colchester libraryOpenAll day and night',
      'Help deskOpenUntil 18:00',
    ]);
  });

  test('where nothing was ever read it says how to come by it', async () => {
    await Page.openOffline('/');
    expect(part('Open now')).toContain('Opening hours have not been read on this device. Go online once to bring them.');
  });
});

test('to someone signed out it shows the search, what is open, and one way to sign in', async () => {
  await Page.open('/');
  expect(texts('heading')).toEqual(['Today', 'Open now']);
  expect(screen.getByRole('link', { name: 'Sign in to see your loans and book rooms' }).getAttribute('href')).toBe('/sign-in');
});

test('without a network it shows what was known, and says how old that is', async () => {
  const tab = await signedIn('/');
  await tab.offline();
  await tab.again('/');
  expect(connection()).toBe('Offline. Last heard from the library at 10:42.');
  expect(texts('heading')).toEqual(['Today', 'Needs you', 'Take back Jazz', 'Your loans', 'Next booking', 'Open now']);
});

test('with the session ended everything stays, and one may sign in again', async () => {
  const tab = await signedIn('/loans', new WholeLibrary({ loans: { l1: loan(), l2: REQUESTED } }));
  tab.library.patron = null;
  await tab.tap('button', 'Renew Beloved');
  await tab.go('/');
  expect(part('Needs you')).toContain('Take back Jazz');
  expect(within(screen.getByRole('region', { name: 'Connection' })).getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe('/sign-in');
});

test('what is typed here is searched for', async () => {
  const tab = await signedIn('/');
  await tab.type('Find a book or article', 'beloved{Enter}');
  expect(location.pathname + location.search).toBe('/search?q=beloved');
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1, name: 'Search' }));
  expect(page()).toContain('1 result for “beloved”');
});
