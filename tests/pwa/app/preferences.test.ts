// @vitest-environment jsdom
/** One definition of what a reader may choose; the page, its first paint, its look and its words all keep to it. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import definition from '../../../accessibility/preferences/preferences.json';
import { settings } from '../../../pwa/words/settings.ts';

const ROOT = `${process.cwd()}/`;
const KEY = 'carrel.preferences';
const choices = Object.entries(definition).flatMap(([name, values]) => values.map((value) => [name, value] as const));
const root = document.documentElement;

async function loaded(): Promise<typeof import('../../../pwa/app/preferences.ts')> {
  vi.resetModules();
  return import('../../../pwa/app/preferences.ts');
}

beforeEach(() => {
  localStorage.clear();
  for (const { name } of [...root.attributes]) root.removeAttribute(name);
});

describe.each(choices)('%s: %s', (name, value) => {
  test('takes effect at once, is kept, and is there before the next first paint', async () => {
    const { prefer, preference } = await loaded();
    prefer(name as never, value);
    expect(preference(name as never).value).toBe(value);
    const shown = root.getAttribute(`data-${name}`);
    expect(shown).toBe(value === (definition as Record<string, string[]>)[name]?.[0] ? null : value);
    root.removeAttribute(`data-${name}`);
    root.setAttribute('data-theme', 'light');
    beforePaint();
    if (shown !== null) expect(root.getAttribute(`data-${name}`)).toBe(shown);
    expect((await loaded()).preference(name as never).value).toBe(value);
  });

  test('has its words', () => {
    expect(settings.choices[name as keyof typeof settings.choices][value]).toBeTruthy();
  });
});

test('every choice but the usual one changes the look', () => {
  const look = readFileSync(`${ROOT}pwa/look/look.css`, 'utf8');
  const mute = choices.filter(([name, value]) => (definition as Record<string, string[]>)[name]?.[0] !== value && !look.includes(`[data-${name}="${value}"]`));
  expect(mute).toEqual([]);
});

test('without a choice the theme is the device’s', () => {
  root.setAttribute('data-theme', 'light');
  beforePaint();
  expect(root.hasAttribute('data-theme')).toBe(false);
});

test.each(['not json', '[]', 'null', '{"theme": 7}', '{"theme": "plaid"}'])('what cannot be read counts as nothing chosen: %s', async (kept) => {
  localStorage.setItem(KEY, kept);
  const { preference } = await loaded();
  expect(preference('theme').value).toBe('auto');
  expect(() => beforePaint()).not.toThrow();
});

test('what is none of the choices is left alone', async () => {
  const { prefer, preference } = await loaded();
  prefer('theme', 'plaid');
  expect(preference('theme').value).toBe('auto');
  expect(localStorage.getItem(KEY)).toBeNull();
});

test('what another tab chooses is taken over', async () => {
  const { preference } = await loaded();
  localStorage.setItem(KEY, JSON.stringify({ theme: 'dark' }));
  dispatchEvent(new StorageEvent('storage', { key: KEY }));
  expect(preference('theme').value).toBe('dark');
  expect(root.getAttribute('data-theme')).toBe('dark');
});

function beforePaint(): void {
  const script = readFileSync(`${ROOT}pwa/public/before_paint.js`, 'utf8');
  new Function(script)();
}
