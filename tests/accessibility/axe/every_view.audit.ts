/** Every view in every state, in each theme: nothing is found, neither by axe nor by our own checks. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axe } from '../../../accessibility/audits/axe.ts';
import { told, writeEarl, type Looked, type Seen } from '../../../accessibility/audits/findings.ts';
import { chosen, edges, enlarged, Met, standing, walked } from '../../../accessibility/audits/own_checks.ts';
import { resize, THEMES, wear } from '../../../accessibility/audits/themes.ts';
import { travel, VIEWS } from '../../../accessibility/audits/travel.ts';
import { closeAll } from '../../journeys/browser.ts';
import { ROOT } from '../../journeys/server.ts';

const results: Looked[] = [];
const places = new Map<string, Set<string>>();
/** These differ from a state that is walked in nothing but their words. */
const SAME_STOPS = /^(of |offline$|unreachable$|empty$|expired$|invalid$|failed$|skipped$)/;
/** Views with choices to make. */
const CHOICES = ['rooms need', 'settings'];

beforeAll(async () => {
  const met = new Met();
  await travel(async (tab, { view, state }) => {
    places.set(view, (places.get(view) ?? new Set()).add(state));
    const look = (theme: string, width_px: number, by: string, seen: Seen): void => {
      results.push({ subject: { view, state, theme, width_px, browser: 'Chromium' }, by, ...seen });
    };
    // what has the focus now matters to a check of errors, so it comes before anything is touched
    await wear(tab, 'light');
    look('light', 320, 'own checks', await standing(tab));
    for (const theme of THEMES) {
      await wear(tab, theme);
      look(theme, 320, 'axe-core', await axe(tab));
      look(theme, 320, 'own checks', await edges(tab));
    }
    await wear(tab, 'light');
    look('light', 320, 'own checks', await enlarged(tab));
    look('light', 320, 'own checks', await met.page(tab, 320));
    for (const [width, height] of [[390, 844], [1280, 900]] as const) {
      await resize(tab, width, height);
      // between 320 and 390 px nothing but the room changes; at 1280 the bars stand elsewhere
      if (width > 390) look('light', width, 'axe-core', await axe(tab));
      look('light', width, 'own checks', await standing(tab));
      look('light', width, 'own checks', await met.page(tab, width));
    }
    await resize(tab, 320, 800);
    if (!SAME_STOPS.test(state)) look('light', 320, 'the tab key', await walked(tab));
    if (state === 'loaded' && CHOICES.includes(view)) {
      look('light', 320, 'own checks', await chosen(tab));
      await tab.read(() => localStorage.removeItem('carrel.preferences'), null);
    }
  });
  const steps = ['/', '/rooms/need', '/nowhere'];
  const addresses = VIEWS.map(([, path]) => path).filter((path) => !steps.includes(path));
  results.push({ subject: { view: 'every view', state: 'every state', theme: 'light', width_px: 320, browser: 'Chromium' }, by: 'own checks', ...met.twoWays(addresses) });
  writeEarl(join(ROOT, 'build', 'results', 'accessibility.json'), results, new Date());
});
afterAll(closeAll);

const found = (by: string): string[] => [...new Set(results.filter((looked) => looked.by === by).flatMap(told))];

test('every view was seen signed out, empty, loaded and offline, and those with a reader’s own things in every state', () => {
  const missing = (views: readonly string[], states: readonly string[]): string[] =>
    views.flatMap((view) => states.filter((state) => !places.get(view)?.has(state)).map((state) => `${view}: ${state}`));
  expect(missing(VIEWS.map(([view]) => view), ['signed out', 'empty', 'loaded', 'offline'])).toEqual([]);
  expect(missing(['today', 'loans', 'rooms', 'waiting'], ['waiting', 'refused', 'unreachable', 'sign in again', 'too old'])).toEqual([]);
  expect(missing(['today', 'search', 'rooms', 'hours', 'help', 'sign in', 'record'], ['loading'])).toEqual([]);
  expect(missing(['sign in'], ['signed out', 'unreachable', 'card and code', 'not filled in', 'refused', 'wishes of another wait', 'sign in again', 'cleared by the browser'])).toEqual([]);
  expect(missing(['loans', 'rooms'], ['not kept'])).toEqual([]);
  expect(missing(['sign out'], ['signed out', 'nothing waits', 'wishes wait', 'no room'])).toEqual([]);
  expect(missing(['search hits'], ['from the library', 'loaded', 'another spelling', 'more than shown', 'empty', 'offline', 'nothing known'])).toEqual([]);
  expect(missing(['search', 'settings'], ['no room for the catalogue', ...['offered', 'coming', 'paused', 'waiting', 'damaged'].map((each) => `catalogue ${each}`)])).toEqual([]);
  expect(missing(['record'], ['loaded', 'offline', 'not found'])).toEqual([]);
  expect(missing(['sync health'], ['nothing wrong', 'everything wrong', 'stale'])).toEqual([]);
  expect(missing(['waiting'], ['changed', 'expired', 'invalid', 'failed', 'skipped', 'received'])).toEqual([]);
});

test('axe finds nothing, with every rule, in any state and theme', () => {
  const undecided = new Map<string, number>();
  for (const looked of results) for (const [rule, times] of Object.entries(looked.undecided)) undecided.set(rule, (undecided.get(rule) ?? 0) + times);
  const states = [...places.values()].reduce((sum, each) => sum + each.size, 0);
  console.log(`${states} views in states, ${results.length} looks; axe could not tell: ${JSON.stringify(Object.fromEntries(undecided))}`);
  expect(found('axe-core')).toEqual([]);
});

test('our own checks find nothing, from headings and targets to twice the text and the edges of buttons', () => {
  expect(found('own checks')).toEqual([]);
});

test('the tab key goes through every page in order, with a focus that is seen and not covered', () => {
  expect(found('the tab key')).toEqual([]);
});
