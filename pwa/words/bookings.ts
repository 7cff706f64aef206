/** What is said about rooms, pods and bookings. */
import type { Access, BookingFact } from '../app/facts.ts';
import { count, date, day, dayOf, distance, nearDay, time, when } from './dates.ts';

export const room = {
  access: {
    step_free: 'Step-free',
    hearing_loop: 'Hearing loop',
    adjustable_desk: 'Desk height can be set',
    adjustable_light: 'Light can be set',
    quiet: 'Quiet floor',
  } satisfies Record<Exclude<keyof Access, 'steps_at_entrance'>, string>,
  steps: (n: number): string => `${count(n, 'step')} at the entrance`,
  seats: ([least, most]: [number, number]): string => (most === 1 ? 'for 1 person' : `for ${least} to ${most} people`),
  where: (floor: string, seats: [number, number]): string => `${floor}, ${room.seats(seats)}`,
  asked: (name: string): string => `Your wish for ${name} waits to be sent. Not yet confirmed.`,
};

/** "Book Group Room 3, today 14:00 to 16:00": one name for the eye and for the voice. */
export function bookButton(name: string, from: number, to: number, now: number): string {
  return `Book ${name}, ${nearDay(dayOf(from), dayOf(now))} ${time(from)} to ${time(to)}`;
}

export const rooms = {
  title: 'Study rooms',
  lead: 'Next free first. If you cannot come, cancel; a room not taken in time is given on.',
  yours: 'Your bookings',
  cancel: (b: BookingFact, now: number): string => `Cancel ${b.room_name}, ${nearDay(dayOf(b.starts_at), dayOf(now))} ${time(b.starts_at)}`,
  withdraw: (b: BookingFact, now: number): string => `Withdraw ${b.room_name}, ${nearDay(dayOf(b.starts_at), dayOf(now))} ${time(b.starts_at)}`,
  withdrawCheckIn: (b: BookingFact): string => `Withdraw checking in to ${b.room_name}`,
  withdrawCancel: (b: BookingFact): string => `Keep ${b.room_name} after all`,
  checkIn: (b: BookingFact): string => `I am in ${b.room_name}`,
  state: {
    confirmed: 'Yours.',
    checked_in: 'You are checked in.',
    released: 'Given on, as nobody came in time.',
    cancelled: 'Cancelled.',
    completed: 'Over.',
  } satisfies Record<BookingFact['state'], string>,
  grace: (at: number): string => `Be there by ${time(at)}.`,
  notYet: 'Not yet confirmed.',
  notYetRest: (askedAt: number, now: number): string => `You asked at ${when(askedAt, now)}. The library decides when it can be reached.`,
  cancelWaits: 'Cancelling waits to be sent.',
  cancelWaitsRest: 'The room is yours until the library says otherwise.',
  checkInWaits: 'Checking in waits to be sent.',
  checkInWaitsRest: (by: number): string => `It counts once the library has it, by ${time(by)}. Without a network, say so at the help desk.`,
  checkInAsked: (name: string): string => `Checking in to ${name} waits to be sent.`,
  cancelAsked: (name: string): string => `Cancelling ${name} waits to be sent.`,
  need: 'What you need',
  shown: (site: string, on: string, today: string, minutes: number, people: number, needs: string[]): string =>
    `Shown: ${site}, ${nearDay(on, today)}, ${count(minutes / 60, 'hour')}, ${count(people, 'person', 'people')}${needs.length ? `, ${needs.join(', ').toLowerCase()}` : ''}.`,
  change: 'Change what I need',
  free: (n: number, on: string, today: string, site: string): string => `${n === 0 ? 'No room' : count(n, 'room')} free ${nearDay(on, today)} at ${site}`,
  rest: (n: number): string => `Show ${count(n, 'more room', 'more rooms')}`,
  asOf: (at: number, now: number): string => `Next free first, as of ${when(at, now)}`,
  span: (from: number, to: number): string => `Free from ${time(from)} until ${time(to)}`,
  none: { heading: 'No room fits on that day', text: 'Try another day, a shorter time, or fewer needs.' },
  unknown: { heading: 'Not known yet', text: 'Free rooms of this library have not been read on this device. Go online once to bring them.' },
  view: 'View',
  list: 'List',
  table: 'Table',
  shownAs: { list: 'Shown as a list.', table: 'Shown as a table.' },
  columns: { room: 'Room', free: 'Free', where: 'Where', offers: 'Offers', book: 'Book' },
  tableCaption: (on: string, today: string, site: string): string => `Free rooms at ${site}, ${nearDay(on, today)}`,
  signIn: 'Sign in to book a room.',
};

export const need = {
  title: 'What you need',
  site: 'Which library',
  day: 'Which day',
  dayName: (on: string, today: string): string => `${day(on, today)}, ${distance(on, today)}`,
  length: 'How long',
  people: 'How many people',
  access: 'The room has to have',
  kind: 'What kind',
  kinds: { any: 'Any', room: 'Group room', pod: 'Pod for one' },
  hours: (minutes: number): string => (minutes < 60 ? `${minutes} minutes` : minutes % 60 ? `${Math.floor(minutes / 60)} hour 30` : count(minutes / 60, 'hour')),
  persons: (n: number): string => count(n, 'person', 'people'),
  apply: 'Show rooms',
  date,
};
