/** What a reader needs of a room: kept on this device until sign-out, and what is free for it. */
import type { ReadonlySignal } from '@preact/signals';
import type { Access, RoomView } from '../app/facts.ts';
import { readerChoice } from '../app/reader_choices.ts';
import { dayAfter, dayOf } from '../words/dates.ts';

export type AccessNeed = Exclude<keyof Access, 'steps_at_entrance'>;
export const ACCESS_NEEDS: readonly AccessNeed[] = ['step_free', 'hearing_loop', 'adjustable_desk', 'adjustable_light', 'quiet'];

export interface Needs {
  site: string;
  /** Days from today. */
  ahead: number;
  minutes: number;
  people: number;
  kind: 'any' | 'room' | 'pod';
  access: AccessNeed[];
  view: 'list' | 'table';
}

const USUAL: Needs = { site: '', ahead: 0, minutes: 60, people: 1, kind: 'any', access: [], view: 'list' };
const kept = readerChoice('rooms', USUAL);
export const needs: ReadonlySignal<Needs> = kept.value;

/** Remember what is needed; access needs stay on this device and are sent only with a wish. */
export function want(changed: Partial<Needs>): void {
  kept.keep({ ...needs.peek(), ...changed });
}

export interface Free {
  room: RoomView;
  starts_at: number;
  /** As long as was asked for, or as long as it is free. */
  ends_at: number;
  /** Until when it stays free. */
  free_until: number;
}

/** What is free, the next first; only what the library's list says, nothing is worked out but the fit. */
export function free(rooms: readonly RoomView[], wanted: Needs, on: string, now: number): Free[] {
  const found: Free[] = [];
  for (const room of rooms) {
    if (wanted.kind !== 'any' && room.kind !== wanted.kind) continue;
    if (wanted.people > room.seats[1] || wanted.people < room.seats[0]) continue;
    if (!wanted.access.every((each) => room.access[each])) continue;
    const minutes = Math.min(wanted.minutes, room.rules.most_minutes);
    for (const [from, to] of room.free) {
      const slot = room.rules.slot_minutes * 60_000;
      const starts = Math.max(from, Math.floor(now / slot) * slot);
      if (dayOf(starts) !== on || to - starts < minutes * 60_000) continue;
      found.push({ room, starts_at: starts, ends_at: starts + minutes * 60_000, free_until: to });
      break;
    }
  }
  return found.sort((a, b) => a.starts_at - b.starts_at || a.room.name.localeCompare(b.room.name, 'en', { numeric: true }));
}

/** The day shown: the wanted one, or the first after it on which something is free. */
export function dayShown(rooms: readonly RoomView[], wanted: Needs, now: number): string {
  const today = dayOf(now);
  for (let ahead = wanted.ahead; ahead <= 14; ahead += 1) {
    const on = dayAfter(today, ahead);
    if (wanted.ahead > 0 || free(rooms, wanted, on, now).length) return on;
  }
  return today;
}
