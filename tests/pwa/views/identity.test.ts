// @vitest-environment jsdom
/** Signing in and out: nothing typed is lost, nothing of the reader is left. */
import { screen } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WholeLibrary } from './library.ts';
import { connection, newDevice, page, Page, putDown, read, signedIn, texts } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

const CARD = 'Number on your library card';
const CODE = 'Code from the library';

describe('signing in, in a demo', () => {
  test('is one tap on a person, said once, and goes on to Today', async () => {
    const tab = await Page.open('/sign-in');
    expect(page()).toContain('Books that renew, one that does not Sign in as Amina Yusuf');
    await tab.tap('button', 'Sign in as Amina Yusuf');
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1, name: 'Today' }));
    expect(await tab.hear()).toEqual(['You are signed in.']);
  });

  test('cannot be done without a network, and says what to do', async () => {
    await Page.openOffline('/sign-in');
    expect(page()).toContain('The library cannot be reached, so you are not signed in. Go online, then try again.');
    expect(screen.queryByRole('button')).toBeNull();
  });

  test('when the network goes between looking and tapping says so where the focus is', async () => {
    const tab = await Page.open('/sign-in');
    await tab.offline();
    await tab.tap('button', 'Sign in as Amina Yusuf');
    expect(document.activeElement).toBe(screen.getByRole('alert'));
    expect(read(screen.getByRole('alert'))).toBe('You are not signed in yet The library cannot be reached, so you are not signed in. Go online, then try again.');
  });

  test('as another reader is put off while wishes of the first still wait', async () => {
    const library = new WholeLibrary();
    library.demo.push({ id: 'p2', name: 'Ben Okoro', about: 'Nothing on loan' });
    const tab = await signedIn('/loans', library);
    library.patron = null;
    await tab.tap('button', 'Renew Beloved');
    await tab.go('/sign-in');
    await tab.tap('button', 'Sign in as Ben Okoro');
    expect(read(screen.getByRole('alert'))).toContain('Wishes of another reader still wait on this device.');
    expect(tab.account.waiting.value).toHaveLength(1);
  });
});

describe('signing in with a code', () => {
  async function form(): Promise<Page> {
    const library = new WholeLibrary();
    library.demo = [];
    library.codes.set('29100', 'LAMP-4711');
    return Page.open('/sign-in', library);
  }

  test('takes card and code, each of which can be pasted and filled in by the browser', async () => {
    const tab = await form();
    expect(screen.getByLabelText(CARD).getAttribute('autocomplete')).toBe('username');
    expect(screen.getByLabelText(CODE).getAttribute('autocomplete')).toBe('one-time-code');
    await tab.hand.click(screen.getByLabelText(CARD));
    await tab.hand.paste('29100');
    await tab.hand.click(screen.getByLabelText(CODE));
    await tab.hand.paste('LAMP-4711');
    await tab.tap('button', 'Sign in');
    expect(location.pathname).toBe('/');
    expect(await tab.hear()).toEqual(['You are signed in.']);
  });

  test('that do not match keeps what was typed, and puts the focus on what happened', async () => {
    const tab = await form();
    await tab.type(CARD, '29100');
    await tab.type(CODE, 'lamp');
    await tab.tap('button', 'Sign in');
    expect(document.activeElement).toBe(screen.getByRole('alert'));
    expect(read(screen.getByRole('alert'))).toBe('You are not signed in yet Card number and code do not match. Check both, or ask the library for a new code.');
    expect(screen.getByLabelText(CARD)).toHaveProperty('value', '29100');
    expect(screen.getByLabelText(CODE)).toHaveProperty('value', 'lamp');
    expect(screen.getByLabelText(CODE).getAttribute('aria-describedby')).toBe('trouble');
    expect(screen.getByRole('link', { name: /^Card number and code do not match/ }).getAttribute('href')).toBe('#card');
  });

  test('of which one is empty says which is needed, and asks the library nothing', async () => {
    const tab = await form();
    await tab.type(CARD, '29100');
    await tab.tap('button', 'Sign in');
    expect(read(screen.getByRole('alert'))).toContain('Type the number of your card and the code.');
    expect(tab.library.heard).not.toContain('POST /session/code');
  });

  test('no field is called wrong before anything was typed', async () => {
    await form();
    for (const field of [screen.getByLabelText(CARD), screen.getByLabelText(CODE)]) {
      expect(field.getAttribute('aria-required')).toBe('true');
      expect(field.hasAttribute('required')).toBe(false);
      expect(field.hasAttribute('aria-invalid')).toBe(false);
    }
  });

  test('tried too often says how long to wait', async () => {
    const tab = await form();
    await tab.type(CARD, '29100');
    await tab.type(CODE, 'lamp');
    for (let i = 0; i < 4; i += 1) await tab.tap('button', 'Sign in');
    expect(read(screen.getByRole('alert'))).toContain('Too many codes were tried for this card. Wait a quarter of an hour, then try again.');
  });

  test('on a device that keeps nothing says so', async () => {
    const tab = await form();
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    await tab.type(CARD, '29100');
    await tab.type(CODE, 'LAMP-4711');
    await tab.tap('button', 'Sign in');
    expect(read(screen.getByRole('alert'))).toContain('This browser keeps nothing for Carrel, so you are not signed in.');
  });
});

describe('what the browser has cleared', () => {
  test('is told, with what it means for wishes, until somebody signs in', async () => {
    const tab = await signedIn('/loans');
    const [mine] = (await indexedDB.databases()).filter(({ name }) => name?.startsWith('me-'));
    await new Promise((resolve) => (indexedDB.deleteDatabase(mine?.name ?? '').onsuccess = resolve));
    const told = 'This browser has cleared what Carrel kept here. Wishes that were not sent are gone: sign in, then ask again.';
    await tab.again('/sign-in');
    expect(page()).toContain(told);
    expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['carrel']);
    const later = await tab.again('/sign-in');
    expect(page()).toContain(told);
    await later.tap('button', 'Sign in as Amina Yusuf');
    await later.go('/more');
    await later.again('/sign-in');
    expect(page()).not.toContain('cleared what Carrel kept');
  });
});

describe('signing out', () => {
  test('with nothing waiting is one tap; the page says that nothing is left, and the focus stays on it', async () => {
    const tab = await signedIn('/sign-out');
    expect(page()).toContain('Everything of your account leaves this device: loans, bookings, answers, what you need of a room. The catalogue and your settings stay.');
    await tab.tap('button', 'Sign out');
    expect(texts('heading')).toEqual(['Sign out', 'You are signed out']);
    expect(page()).toContain('Nothing of your account is on this device.');
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
    expect(connection()).toBe('You are not signed in. Sign in');
    expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['carrel']);
  });

  async function withWaiting(): Promise<Page> {
    const tab = await signedIn('/loans');
    await tab.offline();
    await tab.tap('button', 'Renew Beloved');
    await tab.hear();
    await (await tab.again('/sign-out')).tap('button', 'Sign out');
    return tab;
  }

  test('with wishes that cannot be sent shows each before anything is given up', async () => {
    await withWaiting();
    expect(read(screen.getByRole('alert'))).toContain('1 wish could not be sent They were not sent, as the library cannot be reached.');
    expect(screen.getAllByRole('listitem').map(read)).toContain('Renew Beloved');
    expect(texts('button')).toEqual(['Send now', 'Discard this wish and sign out']);
    expect(screen.getByRole('link', { name: 'Stay signed in' }).getAttribute('href')).toBe('/');
  });

  test('gives wishes up only when told to', async () => {
    const tab = await withWaiting();
    await tab.tap('button', 'Discard this wish and sign out');
    screen.getByRole('heading', { name: 'You are signed out' });
    expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['carrel']);
  });

  test('sends what waited first when the network is back', async () => {
    const tab = await withWaiting();
    await tab.online();
    await tab.tap('button', 'Sign out');
    screen.getByRole('heading', { name: 'You are signed out' });
    expect(tab.library.decided.size).toBe(1);
  });

  test('on a device that can write nothing more says that one is still signed in', async () => {
    const tab = await signedIn('/sign-out');
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError');
    });
    await tab.tap('button', 'Sign out');
    put.mockRestore();
    expect(read(screen.getByRole('alert'))).toBe('This device has no room to write, so you are still signed in. Free some space, then sign out again.');
    expect(tab.account.status.value).toBe('signed-in');
    expect((await tab.again('/sign-out')).account.status.value).toBe('signed-in');
  });

  test('of someone who is signed out already says so', async () => {
    await Page.open('/sign-out');
    expect(texts('heading')).toEqual(['Sign out', 'You are signed out']);
  });
});
