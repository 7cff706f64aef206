// @vitest-environment jsdom
/** Loans, as a reader meets them: what goes back, what is safe, and what became of each renewal. */
import { screen } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AT, loan, REQUESTED, WholeLibrary } from './library.ts';
import { connection, entry, fillTheDisk, newDevice, page, Page, pass, putDown, signedIn, texts, told } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

describe('what is on loan', () => {
  test('a loan that does not renew says why and offers no button', async () => {
    await signedIn('/loans');
    expect(told('Jazz')).toContain('Does not renew. Another reader has asked for it.');
    expect(entry('Jazz').queryByRole('button')).toBeNull();
  });

  test('a loan that renews offers one button, which names it', async () => {
    await signedIn('/loans');
    expect(told('Beloved')).toContain('Safe until Monday 30 November, in 7 days, unless someone asks for it.');
    entry('Beloved').getByRole('button', { name: 'Renew Beloved' });
  });

  test('a safe loan that it is too early to renew says so, and does not look refused', async () => {
    await signedIn('/loans', new WholeLibrary({ loans: { l1: loan({ renewal: { can: false, why: 'too_soon' } }) } }));
    expect(told('Beloved')).toContain('It is too early to renew it. Try nearer its date.');
    expect(told('Beloved')).not.toContain('Does not renew.');
    expect(entry('Beloved').queryByRole('button')).toBeNull();
  });

  test('what goes back stands before what is safe, the first due first', async () => {
    const library = new WholeLibrary({
      loans: { l1: loan({ title: 'Sula', due_on: '2026-12-04' }), l2: loan({ title: 'Beloved' }), l3: REQUESTED, l4: loan({ title: 'Home', due_on: '2026-11-19', state: 'overdue', renews_itself: false, renewal: { can: false, why: 'overdue' } }) },
    });
    await signedIn('/loans', library);
    expect(texts('heading')).toEqual(['Loans', 'Going back', 'Home', 'Jazz', 'Safe', 'Beloved', 'Sula']);
    expect(page()).toContain('4 on loan. 2 to take back; 2 safe.');
  });

  test('an overdue loan says since when, and what to do', async () => {
    await signedIn('/loans', new WholeLibrary({ loans: { l1: loan({ due_on: '2026-11-19', state: 'overdue', renews_itself: false, renewal: { can: false, why: 'overdue' } }) } }));
    expect(told('Beloved')).toContain('Was due Thursday 19 November, 4 days ago. Does not renew. It is overdue. Return it, or ask at the help desk.');
  });

  test('a thing reported lost has no day to go back', async () => {
    await signedIn('/loans', new WholeLibrary({ loans: { l1: loan({ state: 'lost', renews_itself: false, renewal: { can: false, why: 'lost' } }) } }));
    expect(told('Beloved')).toContain('Reported lost');
    expect(told('Beloved')).not.toContain('November');
  });

  test('with nothing on loan the page says so and leads to the search', async () => {
    await signedIn('/loans', new WholeLibrary({ loans: {} }));
    screen.getByRole('heading', { name: 'Nothing is on loan' });
    expect(screen.getByRole('link', { name: 'Find a book' }).getAttribute('href')).toBe('/search');
  });

  test('to someone signed out it says that loans need a sign-in, and shows none', async () => {
    await Page.open('/loans', new WholeLibrary());
    screen.getByRole('heading', { name: 'Sign in to see this' });
    expect(screen.queryByRole('list', { name: /Safe|Going back/ })).toBeNull();
    expect(screen.queryByRole('button')).toBeNull();
  });

  test('without a network from the start the loans are there, with the age of what is known', async () => {
    const tab = await signedIn('/settings');
    await tab.offline();
    await tab.again('/loans');
    expect(texts('heading')).toEqual(['Loans', 'Going back', 'Jazz', 'Safe', 'Beloved']);
    expect(connection()).toBe('Offline. Last heard from the library at 10:42.');
  });

  test('when the library has ended the session the loans stay', async () => {
    const tab = await signedIn('/loans');
    tab.library.patron = null;
    await tab.tap('button', 'Renew Beloved');
    expect(tab.account.status.value).toBe('sign-in-again');
    entry('Beloved').getByRole('button', { name: 'Withdraw the renewal of Beloved' });
    expect(connection()).toContain('You were signed out at the library. Everything is kept here.');
  });
});

describe('a renewal asked for without a network', () => {
  async function askedOffline(library = new WholeLibrary()): Promise<Page> {
    const tab = await signedIn('/loans', library);
    await tab.offline();
    await tab.tap('button', 'Renew Beloved');
    entry('Beloved').getByRole('button', { name: 'Withdraw the renewal of Beloved' });
    return tab;
  }

  test('waits, keeps its date, and is announced once', async () => {
    const tab = await askedOffline();
    expect(told('Beloved')).toContain('Safe until Monday 30 November');
    expect(told('Beloved')).toContain('Renewal waiting to be sent. You asked at 10:42. The date changes only when the library says so.');
    expect(await tab.hear()).toEqual(['Renewal of Beloved waits to be sent.']);
  });

  test('leaves the focus where the tap was', async () => {
    await askedOffline();
    expect(document.activeElement).toBe(entry('Beloved').getByRole('button', { name: 'Withdraw the renewal of Beloved' }));
  });

  test('can be taken back, and asked for again', async () => {
    const tab = await askedOffline();
    await tab.tap('button', 'Withdraw the renewal of Beloved');
    entry('Beloved').getByRole('button', { name: 'Renew Beloved' });
    expect(told('Beloved')).not.toContain('waiting');
  });

  test('still waits after the app was closed', async () => {
    const tab = await askedOffline();
    await tab.again('/loans');
    entry('Beloved').getByRole('button', { name: 'Withdraw the renewal of Beloved' });
  });

  test('says that it may be refused once it no longer looks possible', async () => {
    const library = new WholeLibrary();
    const tab = await askedOffline(library);
    library.tell('loans', 'l1', { ...loan({ renewal: { can: false, why: 'requested' }, renews_itself: false, state: 'requested' }) });
    library.instead = (request) => library.answer({ ...request, intents: [] });
    await tab.online();
    expect(told('Beloved')).toContain('Renewal waiting to be sent; may be refused.');
  });

  test('shows that the library has it while its loan system has not answered', async () => {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'received' });
    const tab = await askedOffline(library);
    await tab.online();
    expect(told('Beloved')).toContain('The library has your renewal, since 10:42. The loan system that lends it has not answered yet. The date stays until it does. Nothing for you to do.');
    expect(told('Beloved')).toContain('Safe until Monday 30 November');
  });

  test('while the library waits for a loan system nothing can be asked again or put away', async () => {
    const library = new WholeLibrary({ loans: { l1: loan(), l2: loan({ title: 'Sula' }), l3: loan({ title: 'Home' }) } });
    library.verdicts.push({ st: 'received' });
    const tab = await askedOffline(library);
    await tab.online();
    expect(told('Beloved')).toContain('The library has your renewal');
    expect(entry('Beloved').queryByRole('button')).toBeNull();
    screen.getByRole('button', { name: 'Renew the 2 loans that can be renewed' });
  });

  test('hears its end in place of that the library has it, and is announced again', async () => {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'received' });
    const tab = await askedOffline(library);
    await tab.online();
    await tab.hear();
    library.tell('loans', 'l1', { ...loan({ due_on: '2026-12-21', renewal: { can: false, why: 'too_soon' } }) });
    library.end({ st: 'done', said: { due_on: '2026-12-21' } });
    await pass(61_000);
    expect(told('Beloved')).toContain('Safe until Monday 21 December');
    expect(told('Beloved')).not.toContain('The library has your renewal');
    expect(await tab.hear()).toEqual(['Renew Beloved. Renewed at 10:43. Safe until Monday 21 December.']);
  });

  test('of which nobody can tell whether it was done says so, and what to do', async () => {
    const library = new WholeLibrary();
    library.verdicts.push({ st: 'failed', code: 'not_known', said: { incident: 'i7' } });
    const tab = await askedOffline(library);
    await tab.online();
    expect(told('Beloved')).toContain('Nobody can tell whether it was renewed. Its loan system was asked and has not answered for a day. Look at its date when it does, or ask at the help desk.');
    expect(told('Beloved')).not.toContain('Not done');
  });

  test('when it is done, shows the new date and the answer, and is announced once', async () => {
    const tab = await askedOffline();
    await tab.hear();
    await tab.online();
    expect(told('Beloved')).toContain('Safe until Monday 21 December');
    expect(told('Beloved')).toContain('Renewed at 10:42. Safe until Monday 21 December.');
    expect(await tab.hear()).toEqual(['Renew Beloved. Renewed at 10:42. Safe until Monday 21 December.']);
  });

  test('when it is refused, says so where it was asked, and the date stays', async () => {
    const tab = await askedOffline();
    await tab.hear();
    tab.library.tell('loans', 'l1', { ...loan({ renewal: { can: false, why: 'requested' }, renews_itself: false, state: 'requested' }) });
    await tab.online();
    expect(told('Beloved')).toContain('Return by Monday 30 November, in 7 days.');
    expect(told('Beloved')).toContain('Not renewed, at 10:42. Another reader has asked for it.');
    expect(entry('Beloved').queryByRole('button', { name: 'Renew Beloved' })).toBeNull();
    expect(await tab.hear()).toEqual(['Renew Beloved. Not renewed, at 10:42. Another reader has asked for it.']);
  });

  test('its answer stays until it is put away, through a restart', async () => {
    const tab = await askedOffline();
    await tab.online();
    const later = await tab.again('/loans');
    expect(told('Beloved')).toContain('Renewed at 10:42.');
    await later.tap('button', 'Put this answer away: Renew Beloved');
    expect(told('Beloved')).not.toContain('Renewed at');
    expect(await later.hear()).toEqual([]);
  });
});

describe('loans of a library system that is not the library\'s own', () => {
  const forum = (): WholeLibrary => new WholeLibrary({ loans: { l1: loan({ title: 'Home', system: 'forum', site: 'southend' }), l2: loan() } });

  test('say when it last answered; the library\'s own do not', async () => {
    const library = forum();
    library.tell('systems', 'forum', { name: 'The Forum, Southend', heard_at: AT - 3_600_000, silent_since: null });
    await signedIn('/loans', library);
    expect(told('Home')).toContain('Last answer from The Forum: 09:42.');
    expect(told('Beloved')).not.toContain('Last answer');
    expect(page()).not.toContain('does not answer');
  });

  test('when it does not answer, the page says since when that is all that is known', async () => {
    const library = forum();
    library.tell('systems', 'forum', { name: 'The Forum, Southend', heard_at: AT - 17 * 3_600_000, silent_since: AT - 60_000 });
    await signedIn('/loans', library);
    expect(page()).toContain('The Forum does not answer just now. Its last answer: yesterday at 17:42. What it lends you is shown as it was then.');
    entry('Home').getByRole('button', { name: 'Renew Home' });
  });

  test('when it has never answered, nothing is said to be all that is on loan', async () => {
    const library = new WholeLibrary({ loans: {} });
    library.tell('systems', 'forum', { name: 'The Forum, Southend', heard_at: null, silent_since: AT - 60_000 });
    await signedIn('/loans', library);
    expect(page()).toContain('The Forum does not answer just now. What it lends you appears here once it does.');
    expect(page()).not.toContain('Nothing is on loan');
  });
});

test('one tap asks for every loan that can be renewed, and each answer is told', async () => {
  const tab = await signedIn('/loans', new WholeLibrary({ loans: { l1: loan(), l2: loan({ title: 'Sula' }), l3: REQUESTED } }));
  await tab.tap('button', 'Renew the 2 loans that can be renewed');
  await tab.hear();
  for (const title of ['Beloved', 'Sula']) expect(told(title)).toContain('Renewed at 10:42. Safe until Monday 21 December.');
  expect(told('Jazz')).not.toContain('Renewed at');
  expect(screen.queryByRole('button', { name: /can be renewed/ })).toBeNull();
});

test('a wish for which too much waits already is told beside its loan, with what to do', async () => {
  // Longer than one message may be, which is refused as a full queue is.
  const tab = await signedIn('/loans', new WholeLibrary({ loans: { ['l'.repeat(9_000)]: loan() } }));
  await tab.tap('button', 'Renew Beloved');
  expect(entry('Beloved').getByRole('alert').textContent).toBe('Too much waits to be sent, so this was not added. Go online first, then ask again.');
});

test('a wish that the device has no room for is told beside its loan, at once', async () => {
  const tab = await signedIn('/loans');
  fillTheDisk();
  await tab.tap('button', 'Renew Beloved');
  expect(entry('Beloved').getByRole('alert').textContent).toBe('This device has no room left, so your wish was not kept. Free some space, then ask again.');
  entry('Beloved').getByRole('button', { name: 'Renew Beloved' });
  expect(await tab.hear()).toEqual([]);
});
