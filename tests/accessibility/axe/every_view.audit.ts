/** Every view in every state, in each theme: nothing is found, neither by axe nor by our own checks. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axe } from '../../../accessibility/audits/axe.ts';
import { told, writeEarl, type Finding, type Looked } from '../../../accessibility/audits/findings.ts';
import { enlarged, standing, STANDING, walked, WALKED } from '../../../accessibility/audits/own_checks.ts';
import { resize, THEMES, wear } from '../../../accessibility/audits/themes.ts';
import { travel } from '../../../accessibility/audits/travel.ts';
import { closeAll } from '../../journeys/browser.ts';
import { ROOT } from '../../journeys/server.ts';

const results: Looked[] = [];
const undecided = new Map<string, number>();

beforeAll(async () => {
  const walkedViews = new Set<string>();
  await travel(async (tab, { view, state }) => {
    const look = async (theme: string, width_px: number, by: string, rules: number, findings: Finding[], left = {}): Promise<void> => {
      results.push({ subject: { view, state, theme, width_px, browser: 'Chromium' }, by, rules, findings, undecided: left });
    };
    for (const theme of THEMES) {
      await wear(tab, theme);
      const seen = await axe(tab);
      for (const [rule, times] of Object.entries(seen.undecided)) undecided.set(rule, (undecided.get(rule) ?? 0) + times);
      await look(theme, 320, 'axe-core', seen.rules, seen.findings, seen.undecided);
    }
    await wear(tab, 'light');
    await look('light', 320, 'own checks', STANDING + 1, [...(await standing(tab)), ...(await enlarged(tab))]);
    if (['loaded', 'waiting', 'refused', 'signed out'].includes(state) && !walkedViews.has(`${view} ${state}`)) {
      walkedViews.add(`${view} ${state}`);
      await look('light', 320, 'the tab key', WALKED, await walked(tab));
    }
    for (const [width, height] of [[390, 844], [1280, 900]] as const) {
      await resize(tab, width, height);
      const seen = await axe(tab);
      await look('light', width, 'axe-core', seen.rules, seen.findings, seen.undecided);
      await look('light', width, 'own checks', STANDING, await standing(tab));
    }
    await resize(tab, 320, 800);
  });
  writeEarl(join(ROOT, 'build', 'results', 'accessibility.json'), results, new Date());
});
afterAll(closeAll);

const found = (by: string): string[] => [...new Set(results.filter((looked) => looked.by === by).flatMap(told))];

test('axe finds nothing, with every rule, in any state and theme', () => {
  const places = new Set(results.map((looked) => `${looked.subject.view} ${looked.subject.state}`));
  console.log(`${places.size} views in states, ${results.length} looks; axe could not tell: ${JSON.stringify(Object.fromEntries(undecided))}`);
  expect(found('axe-core')).toEqual([]);
});

test('every page has one h1 and a title, fits 320 px also at twice the text, and has targets of 44 px', () => {
  expect(found('own checks')).toEqual([]);
});

test('the tab key goes through every page in order, with a focus that is seen and not covered', () => {
  expect(found('the tab key')).toEqual([]);
});
