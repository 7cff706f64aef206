/** Whether a service point is open at an instant, from hours kept on the device. */
import type { ServicePoint } from '../app/facts.ts';
import { dayAfter, dayOf, day, time } from '../words/dates.ts';
import { today as words } from '../words/today.ts';

export interface Opening {
  open: boolean;
  /** Until when, or from when. */
  said: string;
}

/** The hours of one day: an exception where there is one, else the week's. */
export function hoursOn(point: ServicePoint, on: string): { spans: [string, string][]; why: string } {
  const exception = point.exceptions.find((each) => each.on === on);
  if (exception) return { spans: exception.open, why: exception.why };
  const weekday = (new Date(`${on}T12:00:00Z`).getUTCDay() + 6) % 7;
  return { spans: point.weekly[weekday] ?? [], why: '' };
}

export function opening(point: ServicePoint, now: number): Opening {
  const today = dayOf(now);
  const at = time(now);
  const { spans, why } = hoursOn(point, today);
  const present = spans.find(([from, to]) => from <= at && (at < to || to === '24:00' || to === '00:00'));
  if (present) {
    const round = present[0] === '00:00' && (present[1] === '24:00' || present[1] === '00:00');
    return { open: true, said: round ? words.allDay : words.till(present[1]) };
  }
  const later = spans.find(([from]) => from > at);
  if (later) return { open: false, said: words.opensAt(later[0]) };
  for (let ahead = 1; ahead <= 14; ahead += 1) {
    const on = dayAfter(today, ahead);
    const first = hoursOn(point, on).spans[0];
    if (first) return { open: false, said: `${why ? `${why}. ` : ''}${words.opensAt(`${first[0]}, ${day(on, today)}`)}` };
  }
  return { open: false, said: why || words.closedToday };
}
