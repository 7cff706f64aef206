/** The ways a page can look, put on the page that stands there; the settings view does the same by the same attributes. */
import type { Tab } from '../../tests/journeys/browser.ts';

export const THEMES = ['light', 'dark', 'contrast-light', 'contrast-dark', 'forced-colors'] as const;
export type Theme = (typeof THEMES)[number];

/** Puts a theme on; colours do not fade into each other, or what lies between them would be looked at. */
export async function wear(tab: Tab, theme: Theme): Promise<void> {
  const forced = theme === 'forced-colors';
  await tab.read((name) => {
    if (name) document.documentElement.dataset['theme'] = name;
    else delete document.documentElement.dataset['theme'];
  }, forced ? '' : theme);
  await tab.chromium().emulateMedia({
    forcedColors: forced ? 'active' : 'none',
    colorScheme: theme.endsWith('dark') ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  await drawn(tab);
}

/** Two frames have passed: what was changed is on the screen. */
async function drawn(tab: Tab): Promise<void> {
  await tab.read(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))), null);
}

export async function resize(tab: Tab, width: number, height: number): Promise<void> {
  await tab.chromium().setViewportSize({ width, height });
  await drawn(tab);
}
