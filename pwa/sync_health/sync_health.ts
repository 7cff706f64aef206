/** What staff are told about readers' phones: asked for, shown, and never kept on the device. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { SyncHealth } from '../app/facts.ts';

export type Health =
  | { is: 'coming' }
  | { is: 'signed-out' }
  | { is: 'not-staff' }
  | { is: 'unreachable' }
  /** `stale`: the library did not answer when it was asked again. */
  | { is: 'here'; told: SyncHealth; stale: boolean };

const PATIENCE_MS = 20_000;
const held = signal<Health>({ is: 'coming' });
export const health: ReadonlySignal<Health> = held;

/** Ask the library. Never rejects: what came of it is in `health`. */
export async function ask(): Promise<void> {
  const before = held.peek();
  if (before.is !== 'here') held.value = { is: 'coming' };
  try {
    const reply = await fetch('/staff/sync-health', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (reply.status === 401) held.value = { is: 'signed-out' };
    else if (reply.status === 403) held.value = { is: 'not-staff' };
    else if (reply.ok) held.value = { is: 'here', told: (await reply.json()) as SyncHealth, stale: false };
    else throw new TypeError(`expected an answer about phones, got ${reply.status}`);
  } catch {
    held.value = before.is === 'here' ? { ...before, stale: true } : { is: 'unreachable' };
  }
}

/** Forget it: the page is left. */
export function forget(): void {
  held.value = { is: 'coming' };
}
