// @vitest-environment jsdom
/** What every view keeps, in every state that a reader can be in: one heading, a title, names that differ, a place for the focus. */
import { screen } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alternative, booking, TWO, WholeLibrary } from './library.ts';
import { faults } from './faults.ts';
import { newDevice, Page, putDown, signedIn } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

/** An address, its heading, and where a link to it stands. */
const VIEWS: [address: string, heading: string, from: string][] = [
  ['/', 'Today', '/more'],
  ['/search', 'Search', '/'],
  ['/records/b1', 'Beloved', '/search?q=beloved'],
  ['/loans', 'Loans', '/'],
  ['/rooms', 'Study rooms', '/'],
  ['/rooms/need', 'What you need', '/rooms'],
  ['/waiting', 'Waiting to send', '/'],
  ['/settings', 'Settings', '/more'],
  ['/hours', 'Opening hours', '/more'],
  ['/help', 'Help', '/'],
  ['/more', 'Everything else', '/'],
  ['/accessibility', 'Accessibility', '/more'],
  ['/sync-health', 'Sync health', ''],
  ['/sign-out', 'Sign out', '/more'],
  ['/sign-in', 'Sign in', ''],
  ['/nowhere', 'Not found', ''],
];

/** How a reader came to be where the page is opened. */
const STATES: Record<string, () => Promise<Page>> = {
  'signed out': () => Page.open('/settings'),
  loaded: () => signedIn('/', new WholeLibrary({ bookings: { k1: booking(), k2: booking({ room: 'r3', room_name: 'Group Room 3', starts_at: TWO + 7_200_000, ends_at: TWO + 9_000_000 }) } })),
  empty: async () => {
    const library = new WholeLibrary({ loans: {} });
    library.rooms = [];
    library.records = [];
    return signedIn('/', library);
  },
  offline: async () => {
    const tab = await signedIn('/');
    await tab.offline();
    return tab;
  },
  'offline from the first day': () => Page.openOffline('/settings'),
  waiting: async () => {
    const tab = await signedIn('/rooms', new WholeLibrary({ bookings: { k1: booking() } }));
    await tab.offline();
    await tab.tap('button', /^Book Group Room 3/);
    await tab.tap('button', /^Cancel Group Room 1/);
    await (await tab.again('/loans')).tap('button', 'Renew Beloved');
    return tab;
  },
  refused: async () => {
    const library = new WholeLibrary();
    library.verdicts.push(
      { st: 'refused', code: 'room_taken', alt: [alternative('Group Room 2'), alternative('Pod 1')] },
      { st: 'refused', code: 'requested' },
    );
    const tab = await signedIn('/rooms', library);
    await tab.tap('button', /^Book Group Room 1/);
    await (await tab.again('/loans')).tap('button', 'Renew Beloved');
    return tab;
  },
  'sign in again': async () => {
    const tab = await signedIn('/loans');
    tab.library.patron = null;
    await tab.tap('button', 'Renew Beloved');
    return tab;
  },
};

describe.each(Object.entries(STATES))('%s', (state, reached) => {
  test('every view has one heading, its title, and names that differ', async () => {
    const from = await reached();
    for (const [address, name] of VIEWS) {
      const tab = await from.again(address === '/search' ? '/search?q=beloved' : address);
      const headings = screen.getAllByRole('heading', { level: 1 }).map((each) => each.textContent);
      const unknown = address === '/records/b1' && (!tab.library.there || !tab.library.records.length);
      const known = unknown ? 'No such record here' : name;
      expect({ state, address, headings, title: document.title }).toEqual({ state, address, headings: [known], title: `${known} - Carrel` });
      expect({ state, address, faults: faults() }).toEqual({ state, address, faults: [] });
      expect(document.activeElement).toBe(document.body);
    }
  });
});

const LED_TO = VIEWS.filter(([, , from]) => from);

test.each(LED_TO)('a link to %s puts the focus on its heading and changes the title', async (address, name, from) => {
  const tab = await signedIn(from);
  await tab.go(address);
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1, name }));
  expect(document.title).toBe(`${name} - Carrel`);
  expect(await tab.hear()).toEqual([]);
});

test.each([
  ['/search?q=beloved', '/records/b1', 'Beloved'],
  ['/rooms', '/rooms/need', 'Change what I need'],
  ['/more', '/hours', /^Opening hours/],
  ['/', '/records/b2', 'Where to return Jazz'],
])('back to %s from %s gives the focus to the link that was followed', async (from, to, name) => {
  const tab = await signedIn(from);
  const link = screen.getAllByRole('link', { name }).find((each) => each.closest('main'));
  await tab.hand.click(link as HTMLElement);
  await tab.rest();
  expect(location.pathname).toBe(to);
  await tab.back();
  expect(document.activeElement?.closest('main')).not.toBeNull();
  expect(document.activeElement?.getAttribute('href')).toBe(to);
});

test('the link past the places comes first and leads into the page', async () => {
  const tab = await signedIn('/loans');
  await tab.hand.tab();
  expect(document.activeElement).toBe(screen.getByRole('link', { name: 'Skip to the page' }));
  expect(document.activeElement?.getAttribute('href')).toBe(`#${screen.getByRole('main').id}`);
});

test('the place where one is says so, and no other does', async () => {
  await signedIn('/rooms/need');
  expect(screen.getAllByRole('link', { current: 'page' }).map((each) => each.textContent)).toEqual(['Rooms']);
});
