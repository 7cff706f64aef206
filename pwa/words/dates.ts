/** Days and times as people say them, in the library's own time zone. */

const ZONE = 'Europe/London';
const DAY_MS = 86_400_000;
const long = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });
const longYear = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const plain = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const shortDay = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' });
const shortMonth = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: ZONE });
const isoDay = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: ZONE });
const plural = new Intl.PluralRules('en-GB');

function noon(on: string): Date {
  return new Date(`${on}T12:00:00Z`);
}

/** The library's day of an instant: "2026-11-23". */
export function dayOf(at: number): string {
  return isoDay.format(at);
}

/** How many days from one day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((noon(to).getTime() - noon(from).getTime()) / DAY_MS);
}

/** The day so many days after another. */
export function dayAfter(on: string, days: number): string {
  return new Date(noon(on).getTime() + days * DAY_MS).toISOString().slice(0, 10);
}

/** "Thursday 26 November", with the year where it is not this one. */
export function day(on: string, today: string): string {
  return (on.slice(0, 4) === today.slice(0, 4) ? long : longYear).format(noon(on)).replace(',', '');
}

/** "Monday 23 November 2026". */
export function wholeDay(on: string): string {
  return longYear.format(noon(on)).replace(',', '');
}

/** "2 March 2027". */
export function date(on: string): string {
  return plain.format(noon(on));
}

/** "today", "tomorrow", "in 3 days", "2 days ago". */
export function distance(on: string, today: string): string {
  const days = daysBetween(today, on);
  if (days === 0) return 'today';
  if (days === 1) return 'tomorrow';
  if (days === -1) return 'yesterday';
  return days > 0 ? `in ${days} days` : `${-days} days ago`;
}

/** "today", "tomorrow" or "Thursday 26 November". */
export function nearDay(on: string, today: string): string {
  const days = daysBetween(today, on);
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : day(on, today);
}

/** "14:00". */
export function time(at: number): string {
  return clock.format(at);
}

/** "today at 10:42", "yesterday at 17:20", "Monday 2 November at 09:10". */
export function when(at: number, now: number): string {
  const on = dayOf(at);
  const today = dayOf(now);
  const days = daysBetween(today, on);
  if (days === 0) return time(at);
  return `${days === -1 ? 'yesterday' : days === 1 ? 'tomorrow' : day(on, today)} at ${time(at)}`;
}

/** The three lines of a stamp. */
export function stampOf(on: string): [string, string, string] {
  return [shortDay.format(noon(on)), String(noon(on).getUTCDate()), shortMonth.format(noon(on))];
}

/** The three lines of a stamp with a time: "today", "tomorrow" or "Wed 2"; "14:00"; "30 min", "1½ hours" or "1 h 20". */
export function stampOfTime(from: number, to: number, now: number): [string, string, string] {
  const on = dayOf(from);
  const days = daysBetween(dayOf(now), on);
  const named = days === 0 ? 'today' : days === 1 ? 'tomorrow' : `${shortDay.format(noon(on))} ${noon(on).getUTCDate()}`;
  const minutes = Math.round((to - from) / 60_000);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  const long = hours === 0 ? `${rest} min` : rest === 0 ? count(hours, 'hour') : rest === 30 ? `${hours}½ hours` : `${hours} h ${rest}`;
  return [named, time(from), long];
}

/** "1 book", "2 books". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-GB')} ${plural.select(n) === 'one' ? one : many}`;
}

/** The same words at the beginning of a sentence. */
export function begun(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
