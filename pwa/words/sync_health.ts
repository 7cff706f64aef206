/** What staff are told about the phones of readers. */
import type { StuckWhy } from '../app/facts.ts';
import { count, when } from './dates.ts';
import { syncHealth as syncHealthPage } from './help.ts';

const OPERATIONS: Record<string, string> = {
  'loans.renew@1': 'Renewing a loan',
  'bookings.book@1': 'Booking a room or pod',
  'bookings.cancel@1': 'Cancelling a booking',
  'bookings.check_in@1': 'Checking in',
  'sync.withdraw@1': 'Taking a wish back',
};

const STUCK: Record<StuckWhy, (since: string, seen: string) => string> = {
  answers_not_taken: (since, seen) => `It was answered ${since} and came again ${seen}. It may have no room left: have its reader free some, or sign out and in.`,
  waits_elsewhere: (since) => `It has waited since ${since.replace(/^at /, '')}. Carrel goes on asking; look whether that system answers.`,
};

export const syncHealth = {
  title: syncHealthPage.title,
  lead: 'How readers’ phones fare with the library. Each look at this page is noted.',
  coming: 'Asking the library how phones fare.',
  signedOut: { heading: 'Sign in to see this', text: 'It is for the library’s staff.', way: 'Sign in' },
  notStaff: { heading: 'This is for the library’s staff', text: 'Your account is not one of a member of staff. Whoever runs Carrel at your library can change that.', way: 'Go to Today' },
  unreachable: { heading: 'The library did not answer', text: 'This page is not kept on the device, as it is about others. Go online, then ask again.' },
  again: 'Ask again',
  stale: 'The library did not answer just now; this is what it said before.',
  counted: (devices: number): string => `${count(devices, 'phone')} came in the last 7 days.`,
  operation: (op: string): string => OPERATIONS[op] ?? op,
  phone: (device: string): string => `Phone ${device}`,
  stuck: {
    title: 'Stuck phones',
    none: 'No phone is stuck.',
    first: { answers_not_taken: 'It does not take its answer.', waits_elsewhere: 'Another library system has not answered.' } satisfies Record<StuckWhy, string>,
    why: (why: StuckWhy, since: number, seen: number, now: number): string => STUCK[why](at(since, now), at(seen, now)),
  },
  failed: {
    title: 'Wishes that failed',
    none: 'No wish has failed.',
    what: 'Do by hand what was asked, or have the reader ask again. The log tells more under the incident’s number.',
    incident: (name: string): string => `Incident ${name}`,
    about: (op: string, when: string): string => `${op}, ${when}.`,
    notKnown: 'Another system did not say whether it was done: look there first.',
    asked: 'What was asked',
  },
  refused: {
    title: 'Refusals by reason',
    none: 'Nothing was refused.',
    caption: 'The most frequent first',
    columns: { what: 'What was asked', why: 'Reason', times: 'Times' },
    noReason: 'No reason given',
  },
  clocks: {
    title: 'Clocks that are off',
    none: 'No phone’s clock is off by more than 5 minutes.',
    what: 'It changes nothing that is decided here; its reader sees wrong times.',
    off: (ahead_ms: number, seen: number, now: number): string => `${long(Math.abs(ahead_ms))} ${ahead_ms > 0 ? 'ahead' : 'behind'}, when it came ${at(seen, now)}.`,
  },
  anew: {
    title: 'Read anew',
    none: 'No phone had to read everything anew.',
    what: 'What such a phone held did not match the library, or it was put back from a copy. Once is nothing; more than three times is worth a report.',
    times: (times: number, seen: number, now: number): string => `${count(times, 'time')}, last ${at(seen, now)}.`,
  },
};

/** "at 10:42", "yesterday at 17:20". */
function at(instant: number, now: number): string {
  const said = when(instant, now);
  return /^\d/.test(said) ? `at ${said}` : said;
}

/** "3 minutes", "2 hours", "10 days", "4 years". */
function long(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return count(minutes, 'minute');
  if (minutes < 48 * 60) return count(Math.round(minutes / 60), 'hour');
  const days = Math.round(minutes / 1_440);
  return days < 730 ? count(days, 'day') : count(Math.round(days / 365.25), 'year');
}
