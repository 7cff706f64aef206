// @vitest-environment jsdom
/** How phones fare: for staff, in words, with what to do, and nothing kept on the device. */
import { screen, within } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SyncHealth } from '../../../pwa/app/facts.ts';
import { AT, WholeLibrary } from './library.ts';
import { newDevice, page, part, putDown, section, signedIn, texts, told } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

const HOUR = 3_600_000;
const WELL: SyncHealth = { as_of: AT, since_at: AT - 7 * 24 * HOUR, devices: 212, stuck: [], failed: [], refused: [], clocks: [], anew: [] };
const TROUBLED: SyncHealth = {
  ...WELL,
  stuck: [
    { device: '0123abcd', why: 'answers_not_taken', op: 'loans.renew@1', since_at: AT - 30 * HOUR, seen_at: AT - HOUR },
    { device: '4567abcd', why: 'waits_elsewhere', op: 'loans.renew@1', since_at: AT - 2 * HOUR, seen_at: AT - HOUR },
  ],
  failed: [{ incident: '0badcafe', op: 'loans.renew@1', code: 'not_known', at: AT - HOUR, wish: '{"n":4,"args":{"loan":"l7"}}' }],
  refused: [{ op: 'bookings.book@1', code: 'room_taken', times: 1400 }, { op: 'new.thing@1', code: '', times: 1 }],
  clocks: [{ device: '89ababcd', ahead_ms: -10 * 365 * 24 * HOUR, seen_at: AT - HOUR }],
  anew: [{ device: 'cdefabcd', times: 4, seen_at: AT - HOUR }],
};

function library(health: WholeLibrary['health']): WholeLibrary {
  const made = new WholeLibrary();
  made.health = health;
  return made;
}

const PARTS = ['Stuck phones', 'Wishes that failed', 'Refusals by reason', 'Clocks that are off', 'Read anew'];

describe('for staff', () => {
  test('where nothing is wrong each part says so', async () => {
    await signedIn('/sync-health', library(WELL));
    expect(texts('heading')).toEqual(['Sync health', ...PARTS]);
    expect(page()).toContain('212 phones came in the last 7 days.');
    expect(PARTS.map((each) => part(each).slice(each.length + 1))).toEqual([
      'No phone is stuck.', 'No wish has failed.', 'Nothing was refused.', 'No phone’s clock is off by more than 5 minutes.', 'No phone had to read everything anew.',
    ]);
  });

  test('what is wrong is said under a heading of its own, with what to do', async () => {
    await signedIn('/sync-health', library(TROUBLED));
    expect(told('Phone 0123abcd')).toContain('It may have no room left: have its reader free some, or sign out and in.');
    expect(told('Phone 4567abcd')).toContain('look whether that system answers.');
    expect(told('Incident 0badcafe')).toContain('Another system did not say whether it was done: look there first.');
    expect(told('Incident 0badcafe')).toContain('"loan": "l7"');
    expect(told('Phone 89ababcd')).toContain('10 years behind, when it came at ');
    expect(told('Phone cdefabcd')).toContain('4 times, last at ');
  });

  test('refusals are a table with headers, in words', async () => {
    await signedIn('/sync-health', library(TROUBLED));
    const table = within(within(section('Refusals by reason')).getByRole('table', { name: 'The most frequent first' }));
    expect(table.getAllByRole('columnheader').map(({ textContent }) => textContent)).toEqual(['What was asked', 'Reason', 'Times']);
    const rows = table.getAllByRole('row').slice(1);
    expect(rows.map((row) => within(row).getByRole('rowheader').textContent)).toEqual(['Booking a room or pod', 'new.thing@1']);
    expect(rows[0]?.textContent).toContain('1,400');
    expect(rows[0]?.textContent).not.toContain('room_taken');
    expect(rows[1]?.textContent).toContain('No reason given');
  });

  test('asked again it says what came of it, and keeps what it had', async () => {
    const tab = await signedIn('/sync-health', library(TROUBLED));
    await tab.hear();
    await tab.tap('button', 'Ask again');
    expect((await tab.hear()).join()).toMatch(/^As of /);
    tab.library.health = 500;
    await tab.tap('button', 'Ask again');
    expect(await tab.hear()).toEqual(['The library did not answer just now; this is what it said before.']);
    expect(page()).toContain('Incident 0badcafe');
  });

  test('without a network nothing of it is there, as it is about others', async () => {
    const tab = await signedIn('/sync-health', library(TROUBLED));
    await tab.offline();
    await tab.again('/sync-health');
    expect(page()).toContain('The library did not answer');
    expect(page()).not.toContain('0badcafe');
    await tab.online();
    await tab.tap('button', 'Ask again');
    expect(page()).toContain('Incident 0badcafe');
  });
});

test.each([
  [401, 'Sign in to see this', '/sign-in'],
  [403, 'This is for the library’s staff', '/'],
] as const)('whoever may not see it is told why (%i)', async (status, heading, way) => {
  await signedIn('/sync-health', library(status));
  expect(texts('heading')).toEqual(['Sync health', heading]);
  expect(within(screen.getByRole('main')).getByRole('link').getAttribute('href')).toBe(way);
});
