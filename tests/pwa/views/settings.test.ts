// @vitest-environment jsdom
/** Settings: a choice takes effect at once, and is remembered on this device. */
import { screen, within } from '@testing-library/dom';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newDevice, page, Page, putDown, read, signedIn, texts } from './page.ts';

beforeEach(newDevice);
afterEach(async () => {
  await putDown();
  for (const { name } of [...document.documentElement.attributes]) if (name.startsWith('data-')) document.documentElement.removeAttribute(name);
});

test('each question is a group of choices with words, one of them chosen', async () => {
  await Page.open('/settings');
  const groups = screen.getAllByRole('group');
  expect(groups.map((each) => read(each.querySelector('legend') as Element))).toEqual([
    'Colours', 'Paper, in the light theme', 'Size of text', 'Space between letters and lines', 'Space between things', 'Letters', 'Motion',
  ]);
  for (const group of groups) expect(within(group).getAllByRole('radio', { checked: true })).toHaveLength(1);
});

test('a choice takes effect at once, without a button and without moving the focus', async () => {
  const tab = await Page.open('/settings');
  await tab.tap('radio', 'Dark');
  expect(document.documentElement.dataset['theme']).toBe('dark');
  expect(document.activeElement).toBe(screen.getByRole('radio', { name: 'Dark' }));
  expect(screen.queryByRole('button')).toBeNull();
  expect(await tab.hear()).toEqual([]);
});

test('a choice is made with the arrow keys too', async () => {
  const tab = await Page.open('/settings');
  screen.getByRole('radio', { name: 'Cream' }).focus();
  await tab.hand.keyboard('{ArrowDown}');
  await tab.rest();
  expect(document.documentElement.dataset['paper']).toBe('white');
});

test('a choice stays on this device, through a restart and a sign-out', async () => {
  const tab = await signedIn('/settings');
  await tab.tap('radio', 'Twice as large');
  await tab.again('/sign-out');
  await tab.tap('button', 'Sign out');
  await tab.again('/settings');
  expect(screen.getByRole('radio', { name: 'Twice as large' })).toHaveProperty('checked', true);
});

test('works without a network and without an account', async () => {
  const tab = await Page.openOffline('/settings');
  await tab.tap('radio', 'High contrast, dark');
  expect(document.documentElement.dataset['theme']).toBe('contrast-dark');
  expect(page()).not.toContain('Your account');
});

test('to someone signed in it says who that is, and where to sign out', async () => {
  await signedIn('/settings');
  expect(page()).toContain('Your account Signed in as Amina Yusuf.');
  expect(screen.getByRole('link', { name: 'Sign out' }).getAttribute('href')).toBe('/sign-out');
});

test('installing is offered where the browser can do it, once, and never by itself', async () => {
  const tab = await Page.open('/settings');
  expect(texts('button')).toEqual([]);
  let asked = 0;
  dispatchEvent(Object.assign(new Event('beforeinstallprompt', { cancelable: true }), { prompt: () => Promise.resolve((asked += 1)) }));
  await tab.rest();
  expect(asked).toBe(0);
  await tab.tap('button', 'Install Carrel');
  expect(asked).toBe(1);
  expect(texts('button')).toEqual([]);
  expect(document.activeElement?.closest('main')).not.toBeNull();
});
