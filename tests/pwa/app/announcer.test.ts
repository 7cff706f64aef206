// @vitest-environment jsdom
/** What is said aloud, when, and how often. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let announcer: typeof import('../../../pwa/app/announcer.ts');

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  document.body.innerHTML = '<div id="announcer" role="status"></div><input id="q"><input id="r" type="radio">';
  announcer = await import('../../../pwa/app/announcer.ts');
});
afterEach(() => vi.useRealTimers());

const region = (): string => document.getElementById('announcer')?.textContent ?? '';

test('two sentences are said one after the other', () => {
  announcer.announce('Renewed.');
  announcer.announce('Booked.');
  vi.advanceTimersByTime(100);
  expect(region()).toBe('Renewed.');
  vi.advanceTimersByTime(1_000);
  expect(region()).toBe('Booked.');
});

test('what waits to be said already is not said twice', () => {
  const said: string[] = [];
  new MutationObserver(() => said.push(region())).observe(document.getElementById('announcer') as HTMLElement, { childList: true });
  announcer.announce('Renewed.');
  announcer.announce('Renewed.');
  vi.advanceTimersByTime(5_000);
  expect(region()).toBe('Renewed.');
});

test('the same sentence later is said again', () => {
  announcer.announce('Renewed.');
  vi.advanceTimersByTime(5_000);
  const before = region();
  announcer.announce('Renewed.');
  vi.advanceTimersByTime(5_000);
  expect(region()).not.toBe(before);
  expect(region().trim()).toBe('Renewed.');
});

test('nothing is said while someone types', () => {
  document.getElementById('q')?.dispatchEvent(new Event('input', { bubbles: true }));
  announcer.announce('12 results.');
  vi.advanceTimersByTime(1_000);
  expect(region()).toBe('');
  vi.advanceTimersByTime(1_000);
  expect(region()).toBe('12 results.');
});

test('a choice that is made is no typing', () => {
  document.getElementById('r')?.dispatchEvent(new Event('input', { bubbles: true }));
  announcer.announce('Dark.');
  vi.advanceTimersByTime(100);
  expect(region()).toBe('Dark.');
});

test('of several counts of results only the newest is said', () => {
  document.getElementById('q')?.dispatchEvent(new Event('input', { bubbles: true }));
  announcer.announceLatest(/results/, '40 results.');
  announcer.announceLatest(/results/, '3 results.');
  vi.advanceTimersByTime(10_000);
  expect(region()).toBe('3 results.');
});

test('what is said before the page is drawn is said when it is', () => {
  const drawn = document.body.innerHTML;
  document.body.innerHTML = '';
  announcer.announce('You are signed in.');
  vi.advanceTimersByTime(1_000);
  document.body.innerHTML = drawn;
  vi.advanceTimersByTime(1_000);
  expect(region()).toBe('You are signed in.');
});
