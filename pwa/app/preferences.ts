/** How a reader wants the page: one definition (accessibility/preferences), kept on this device alone. */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals';
import definition from '../../accessibility/preferences/preferences.json';

export type PreferenceName = keyof typeof definition;
export const PREFERENCES: Record<PreferenceName, readonly string[]> = definition;
export const NAMES = Object.keys(definition) as PreferenceName[];
const KEPT_AS = 'carrel.preferences';

/** The first choice of each is what a reader has who chose nothing. */
function usual(name: PreferenceName): string {
  return PREFERENCES[name][0] ?? '';
}

function read(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    // Unreadable or forbidden: as if nothing had been chosen.
    return {};
  }
}

function chosen(kept: Record<string, unknown>, name: PreferenceName): string {
  const value = kept[name];
  return typeof value === 'string' && PREFERENCES[name].includes(value) ? value : usual(name);
}

const atStart = read();
const signals = new Map<PreferenceName, Signal<string>>(NAMES.map((name) => [name, signal(chosen(atStart, name))]));

/** What is chosen now. */
export function preference(name: PreferenceName): ReadonlySignal<string> {
  return signals.get(name) as Signal<string>;
}

/** Choose; takes effect at once. A choice that is none of the definition's is left alone. */
export function prefer(name: PreferenceName, value: string): void {
  if (!PREFERENCES[name].includes(value)) return;
  apply(name, value);
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(Object.fromEntries(NAMES.map((each) => [each, preference(each).peek()]))));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function apply(name: PreferenceName, value: string): void {
  (signals.get(name) as Signal<string>).value = value;
  const root = document.documentElement;
  if (value === usual(name)) root.removeAttribute(`data-${name}`);
  else root.setAttribute(`data-${name}`, value);
  colourTheEdge();
}

/** The colour around the page, which the browser draws, follows the theme. */
export function colourTheEdge(): void {
  const leather = getComputedStyle(document.documentElement).getPropertyValue('--leather').trim();
  if (leather) for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', leather);
}

for (const asked of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
  globalThis.matchMedia?.(asked).addEventListener('change', colourTheEdge);
}
// Another tab has chosen.
addEventListener('storage', (event) => {
  if (event.key !== KEPT_AS && event.key !== null) return;
  const kept = read();
  for (const name of NAMES) apply(name, chosen(kept, name));
});
