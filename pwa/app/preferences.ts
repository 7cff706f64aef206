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

function read(): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, string>) : {};
  } catch {
    return {};
  }
}

const kept = read();
const signals = new Map<PreferenceName, Signal<string>>(
  NAMES.map((name) => {
    const value = kept[name];
    return [name, signal(value !== undefined && PREFERENCES[name].includes(value) ? value : usual(name))];
  }),
);

/** What is chosen now. */
export function preference(name: PreferenceName): ReadonlySignal<string> {
  return signals.get(name) as Signal<string>;
}

/** Choose; takes effect at once. A choice that is none of the definition's is left alone. */
export function prefer(name: PreferenceName, value: string): void {
  if (!PREFERENCES[name].includes(value)) return;
  (signals.get(name) as Signal<string>).value = value;
  show(name, value);
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(Object.fromEntries(NAMES.map((each) => [each, preference(each).peek()]))));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

function show(name: PreferenceName, value: string): void {
  const root = document.documentElement;
  if (value === usual(name)) root.removeAttribute(`data-${name}`);
  else root.setAttribute(`data-${name}`, value);
}
