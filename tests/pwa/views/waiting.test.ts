// @vitest-environment jsdom
/** Waiting to send: each wish as it waits, each answer until it is put away. */
import { screen, within } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../../sync/phone/phone.ts';
import { alternative, loan, WholeLibrary } from './library.ts';
import { fillTheDisk, newDevice, page, Page, part, putDown, read, section, signedIn, texts } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

const RENEW = 'Renew Beloved';
const BOOK = 'Book Group Room 3, today 14:00 to 15:00';

/** The list of what waits: the numbered one. */
const waiting = (): HTMLElement => document.querySelector('main ol') as HTMLElement;

/** Two wishes made without a network: a renewal, then a room. */
async function twoWait(library = new WholeLibrary()): Promise<Page> {
  const tab = await signedIn('/rooms', library);
  await tab.go('/loans');
  await tab.offline();
  await tab.tap('button', RENEW);
  await tab.go('/rooms');
  await tab.tap('button', BOOK);
  await tab.hear();
  await tab.go('/waiting');
  return tab;
}

/** One renewal that was decided so. */
async function decided(outcome: Omit<Outcome, 'n'>): Promise<Page> {
  const library = new WholeLibrary();
  library.verdicts.push(outcome);
  const tab = await signedIn('/loans', library);
  await tab.tap('button', RENEW);
  await tab.hear();
  await tab.go('/waiting');
  return tab;
}

describe('what waits', () => {
  test('is listed in the order in which it was asked for, with how many there are', async () => {
    await twoWait();
    expect(within(waiting()).getAllByRole('heading').map(read)).toEqual([`1. ${RENEW}`, `2. ${BOOK}`]);
    expect(page()).toContain('2 wishes are kept on this device, in the order you made them. They go by themselves when the library can be reached. None has happened yet.');
  });

  test('says when it was asked for, what is known, and when it ends by itself', async () => {
    await twoWait();
    const [renewal, room] = within(waiting()).getAllByRole('listitem').map(read);
    expect(renewal).toBe(`1. ${RENEW} You asked at 10:42. Waiting to be sent. It looked possible when the library last answered, at 10:42. Withdraw: ${RENEW}`);
    expect(room).toContain('If it is not sent by 15:00, this wish ends and you are told.');
  });

  test('is counted beside its name on every page', async () => {
    const tab = await twoWait();
    expect(texts('link')).toContain('Waiting 2');
    await tab.go('/loans');
    expect(within(screen.getByRole('region', { name: 'Connection' })).getByRole('link', { name: 'Waiting to send: 2' }).getAttribute('href')).toBe('/waiting');
  });

  test('can be withdrawn, which is said once, and the focus goes to the next wish', async () => {
    const tab = await twoWait();
    await tab.tap('button', `Withdraw: ${RENEW}`);
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: `1. ${BOOK}` }));
    await tab.tap('button', `Withdraw: ${BOOK}`);
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
    expect(await tab.hear()).toEqual([`Withdrawn: ${RENEW}.`, `Withdrawn: ${BOOK}.`]);
    await tab.online();
    expect(texts('heading')).toEqual(['Waiting to send', 'Nothing waits']);
    expect(await tab.hear()).toEqual(['Online.']);
  });

  test('stays when sending is tried in vain', async () => {
    const tab = await twoWait();
    await tab.tap('button', 'Try to send all 2 now');
    expect(texts('heading')).toEqual(['Waiting to send', `1. ${RENEW}`, `2. ${BOOK}`]);
  });

  test('is sent in one request once the network is back, each answer is told, and the focus stays on the page', async () => {
    const tab = await twoWait();
    screen.getByRole('button', { name: 'Try to send all 2 now' }).focus();
    await tab.online();
    expect(tab.library.carried()).toEqual([[1, 2]]);
    expect(texts('heading')).toEqual(['Waiting to send', 'Answers', BOOK, RENEW]);
    expect(document.activeElement?.closest('main')).not.toBeNull();
    expect(await tab.hear()).toEqual([`${RENEW}. Renewed at 10:42. Safe until Monday 21 December.`, `${BOOK}. Booked at 10:42. It is yours.`]);
  });

  test('is kept when the session has ended, and sent once one has signed in again', async () => {
    const tab = await signedIn('/loans');
    tab.library.patron = null;
    await tab.tap('button', RENEW);
    await tab.go('/waiting');
    screen.getByRole('heading', { name: `1. ${RENEW}` });
    expect(part('Connection')).toContain('You were signed out at the library. Everything is kept here.');
    await tab.go('/sign-in');
    await tab.tap('button', 'Sign in as Amina Yusuf');
    await tab.go('/waiting');
    expect(part('Answers')).toContain('Renewed at 10:42.');
  });
});

test('with nothing waiting and no answer left it says so, and leads on', async () => {
  await signedIn('/waiting');
  expect(texts('heading')).toEqual(['Waiting to send', 'Nothing waits']);
  expect(screen.getByRole('link', { name: 'See your loans' }).getAttribute('href')).toBe('/loans');
  expect(screen.queryByRole('button')).toBeNull();
});

test('to someone signed out it says that wishes need a sign-in', async () => {
  await Page.open('/waiting');
  expect(texts('heading')).toEqual(['Waiting to send', 'Sign in to see this']);
});

describe('an answer', () => {
  const ANSWERS: [string, Omit<Outcome, 'n'>, string][] = [
    ['done', { st: 'done', said: { due_on: '2026-12-21' } }, 'Renewed at 10:42. Safe until Monday 21 December.'],
    ['done differently', { st: 'changed', said: { due_on: '2026-12-10' } }, 'Done, but differently, at 10:42. The date is Thursday 10 December.'],
    ['received', { st: 'received' }, 'The library has your renewal, since 10:42. The loan system that lends it has not answered yet. The date stays until it does. Nothing for you to do.'],
    ['refused', { st: 'refused', code: 'requested' }, 'Not renewed, at 10:42. Another reader has asked for it.'],
    ['refused for a reason that is newer than the app', { st: 'refused', code: 'full_moon' }, 'Not renewed, at 10:42. This app does not know the reason yet. Ask at the help desk.'],
    ['too late', { st: 'expired' }, 'Not done, at 10:42. Its time had passed before it was sent. Ask again for a later time.'],
    ['broken at the library', { st: 'failed' }, 'Not done, at 10:42. Something broke at the library, and staff can see it. Ask again, or ask at the help desk.'],
    ['not understood', { st: 'invalid', code: 'unknown_operation' }, 'Not done, at 10:42. The library does not know this yet. Update the app, then ask again.'],
    ['left out', { st: 'skipped' }, 'Not done, at 10:42. What it depended on was not done.'],
  ];

  test.each(ANSWERS)('that is %s says what happened, then what to do', async (_, outcome, sentence) => {
    await decided(outcome);
    expect(part('Answers')).toContain(`${RENEW} ${sentence}`);
  });

  test('stays through a restart, and is not said again', async () => {
    const tab = await decided({ st: 'refused', code: 'requested' });
    const later = await tab.again('/waiting');
    expect(part('Answers')).toContain('Another reader has asked for it.');
    expect(await later.hear()).toEqual([]);
  });

  test('that is put away gives the focus to the next, the last one to the heading', async () => {
    const library = new WholeLibrary({ loans: { l1: loan(), l2: loan({ title: 'Sula' }) } });
    const tab = await signedIn('/loans', library);
    await tab.tap('button', 'Renew the 2 loans that can be renewed');
    await tab.go('/waiting');
    expect(texts('heading')).toEqual(['Waiting to send', 'Answers', 'Renew Sula', RENEW]);
    await tab.tap('button', 'Put this answer away: Renew Sula');
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: RENEW }));
    await tab.tap('button', `Put this answer away: ${RENEW}`);
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
    screen.getByRole('heading', { name: 'Nothing waits' });
  });

  test('with other choices has them here too; one that the device cannot keep is told beside them', async () => {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'refused', code: 'room_taken', alt: [alternative('Pod 1')] });
    const tab = await signedIn('/rooms', library);
    await tab.tap('button', BOOK);
    await tab.go('/waiting');
    fillTheDisk();
    await tab.tap('button', 'Book Pod 1, today 13:00 to 14:00');
    expect(within(section('Answers')).getByRole('alert').textContent).toContain('This device has no room left');
    expect(part('Answers')).toContain('It was already taken.');
  });

  test('of more wishes than anyone wants to hear is told by number, as is their waiting', async () => {
    const loans = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`l${i}`, loan({ title: `Volume ${i}` })]));
    const tab = await signedIn('/loans', new WholeLibrary({ loans }));
    await tab.offline();
    await tab.tap('button', 'Renew the 7 loans that can be renewed');
    expect(await tab.hear()).toEqual(['7 renewals wait to be sent.']);
    await tab.online();
    expect(await tab.hear()).toEqual(['7 answers have come. They are kept on the page Waiting to send.']);
  });
});
