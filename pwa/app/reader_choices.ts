/** Choices that tell something of a reader: kept on this device, and forgotten when the reader signs out. */
import { effect, signal, type Signal } from '@preact/signals';
import { account } from './account.ts';

const KEPT_AS = 'carrel.reader.';
const forget = new Set<() => void>();

/** A choice under a name, as it was kept; `usual` for whoever has not chosen. */
export function readerChoice<T extends object>(name: string, usual: T): { value: Signal<T>; keep(chosen: T): void } {
  const value = signal<T>({ ...usual, ...read<T>(name) });
  forget.add(() => (value.value = usual));
  return {
    value,
    keep(chosen) {
      value.value = chosen;
      try {
        localStorage.setItem(KEPT_AS + name, JSON.stringify(chosen));
      } catch {
        // Remembered as long as the page lives.
      }
    },
  };
}

function read<T>(name: string): Partial<T> {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS + name) ?? '{}') as Partial<T>;
  } catch {
    return {};
  }
}

let before = account.status.peek();
effect(() => {
  const now = account.status.value;
  const left = now === 'signed-out' && (before === 'signed-in' || before === 'sign-in-again');
  before = now;
  if (!left) return;
  for (const each of forget) each();
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(KEPT_AS)) localStorage.removeItem(name);
  } catch {
    // Where nothing can be kept, nothing was.
  }
});
