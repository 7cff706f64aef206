/** What is said of a wish and of its answer: what happened, then what to do. */
import type { Answer, Wish } from '../app/account.ts';
import type { AlternativeReason, Book, BookingRefusal, CancelRefusal, CheckInRefusal, RenewalFault } from '../app/facts.ts';
import { day, dayOf, nearDay, time, when } from './dates.ts';
import { why as renewalWhy } from './loans.ts';

const booking: Record<BookingRefusal, string> = {
  room_taken: 'It was already taken.',
  closed: 'The library is closed then. Choose another day.',
  outside_hours: 'It can only be booked in its opening times. Choose another time.',
  too_long: 'That is longer than one person may have in a day. Choose a shorter time.',
  too_short: 'That is shorter than a booking may be. Choose a longer time.',
  off_slot: 'Bookings begin and end on the half hour. Choose another time.',
  daily_limit: 'You have booked as much as one person may have on that day. Choose another day.',
  too_far_ahead: 'That is further ahead than can be booked yet. Choose an earlier day.',
  same_day: 'It has to be booked a day ahead. Choose another day.',
  in_the_past: 'That time has passed. Choose a later one.',
  party_size: 'The room is not for so many people. Choose another room.',
  not_eligible: 'Your kind of account cannot book it. Ask at the help desk.',
  overlaps_own: 'You have another booking at that time. Cancel it first, or choose another time.',
  account_blocked: 'Your account is blocked. Ask at the help desk.',
  no_such_room: 'The library no longer has that room. Choose another.',
};
const cancelling: Record<CancelRefusal, string> = {
  already_started: 'It has begun. Leave early if you like; nothing else is needed.',
  already_over: 'It is over. Nothing else is needed.',
  not_yours: 'It is not yours. Look at your own bookings under Rooms.',
};
const checkingIn: Record<CheckInRefusal, string> = {
  already_over: 'It was over, or given on, before the library heard of you. Book again if you still need a room.',
  not_yours: 'It is not yours. Look at your own bookings under Rooms.',
  too_early: 'It is too early. Come back nearer the time.',
};
/** A library that is newer than this app may have reasons which it does not know. */
const noReason = 'This app does not know the reason yet. Ask at the help desk.';
const notKnown: RenewalFault = 'not_known';
/** Why a wish was not even looked at as one. */
export const unread: Record<string, string> = {
  malformed: 'The library could not read it. Ask again.',
  malformed_arguments: 'The library could not read it. Ask again.',
  unknown_operation: 'The library does not know this yet. Update the app, then ask again.',
  too_big: 'It was too long to be sent. Ask for less.',
  unreadable: 'The library could not read it. Ask again.',
  no_longer_offered: 'The library no longer offers it. Ask at the help desk.',
  after_not_done: 'What it depended on was not done.',
};

export const choice: Record<AlternativeReason, string> = {
  same_room_later: 'Same room, later',
  same_room_earlier: 'Same room, earlier',
  same_room_another_day: 'Same room, another day',
  same_time_elsewhere: 'Same time, another room',
  near_time_elsewhere: 'Near that time, another room',
};

/** What a wish is called: "Renew Beloved", "Book Pod 2, today 14:00 to 16:00". */
export function named(wish: Pick<Wish | Answer, 'op' | 'args' | 'seen'>, now: number): string {
  const seen = wish.seen as { title?: string; room_name?: string; starts_at?: number; ends_at?: number };
  if (wish.op === 'loans.renew@1') return `Renew ${seen.title ?? 'a loan'}`;
  if (wish.op === 'bookings.book@1') {
    const args = wish.args as Book;
    return `Book ${seen.room_name ?? 'a room'}, ${span(args.starts_at, args.ends_at, now)}`;
  }
  const of = `${seen.room_name ?? 'a booking'}${seen.starts_at ? `, ${span(seen.starts_at, seen.ends_at ?? seen.starts_at, now)}` : ''}`;
  if (wish.op === 'bookings.cancel@1') return `Cancel ${of}`;
  if (wish.op === 'bookings.check_in@1') return `Check in to ${of}`;
  return 'A wish';
}

/** "today 14:00 to 16:00". */
export function span(from: number, to: number, now: number): string {
  return `${nearDay(dayOf(from), dayOf(now))} ${time(from)} to ${time(to)}`;
}

export type Tone = 'moss' | 'clay' | 'slate';

/** The answer in words: a bold beginning and the rest. */
export function said(answer: Answer): { tone: Tone; first: string; rest: string } {
  const { outcome, op } = answer;
  const at = when(answer.answered_at, answer.answered_at);
  const today = dayOf(answer.answered_at);
  const due = outcome.said?.['due_on'];
  switch (outcome.st) {
    case 'done':
      if (op === 'loans.renew@1') return { tone: 'moss', first: `Renewed at ${at}.`, rest: typeof due === 'string' ? `Safe until ${day(due, today)}.` : '' };
      if (op === 'bookings.book@1') return { tone: 'moss', first: `Booked at ${at}.`, rest: 'It is yours.' };
      if (op === 'bookings.cancel@1') return { tone: 'moss', first: `Cancelled at ${at}.`, rest: 'The room is free for others.' };
      if (op === 'bookings.check_in@1') return { tone: 'moss', first: `Checked in at ${at}.`, rest: 'The room is yours to the end.' };
      return { tone: 'moss', first: `Done at ${at}.`, rest: '' };
    case 'changed':
      return { tone: 'moss', first: `Done, but differently, at ${at}.`, rest: typeof due === 'string' ? `The date is ${day(due, today)}.` : 'Look at it before you rely on it.' };
    case 'received':
    case 'ask':
      if (op === 'loans.renew@1')
        return { tone: 'slate', first: `The library has your renewal, since ${at}.`, rest: 'The loan system that lends it has not answered yet. The date stays until it does. Nothing for you to do.' };
      return { tone: 'slate', first: `The library has it, since ${at}.`, rest: 'Its loan system has not answered yet. Nothing for you to do.' };
    case 'withdrawn':
      return { tone: 'slate', first: 'Withdrawn.', rest: 'Nothing was done.' };
    case 'expired':
      return { tone: 'clay', first: `Not done, at ${at}.`, rest: 'Its time had passed before it was sent. Ask again for a later time.' };
    case 'failed':
      if (op === 'loans.renew@1' && outcome.code === notKnown) return { tone: 'clay', first: 'Nobody can tell whether it was renewed.', rest: 'Its loan system was asked and has not answered for a day. Look at its date when it does, or ask at the help desk.' };
      return { tone: 'clay', first: `Not done, at ${at}.`, rest: 'Something broke at the library, and staff can see it. Ask again, or ask at the help desk.' };
    case 'skipped':
      return { tone: 'clay', first: `Not done, at ${at}.`, rest: unread['after_not_done'] ?? '' };
    case 'invalid':
      return { tone: 'clay', first: `Not done, at ${at}.`, rest: unread[outcome.code ?? ''] ?? unread['malformed'] ?? '' };
    case 'refused':
      return { tone: 'clay', first: refusedFirst(op, at), rest: reason(op, outcome.code ?? '') };
  }
}

function refusedFirst(op: string, at: string): string {
  if (op === 'loans.renew@1') return `Not renewed, at ${at}.`;
  if (op === 'bookings.book@1') return `Not booked, at ${at}.`;
  if (op === 'bookings.cancel@1') return `Not cancelled, at ${at}.`;
  if (op === 'bookings.check_in@1') return `Not checked in, at ${at}.`;
  return `Not done, at ${at}.`;
}

/** Why a wish of that kind was refused, for whoever answers for it. */
export const whyRefused = (op: string, code: string): string => reason(op, code);

function reason(op: string, code: string): string {
  const own: Record<string, string> =
    op === 'loans.renew@1' ? renewalWhy : op === 'bookings.book@1' ? booking : op === 'bookings.check_in@1' ? checkingIn : cancelling;
  return own[code] ?? unread[code] ?? noReason;
}

/** Whether an answer is its end: what the library has only received is not to be put away. */
export const isEnd = (answer: Answer): boolean => answer.outcome.st !== 'received' && answer.outcome.st !== 'ask';

/** The answer as it is spoken. */
export function aloud(answer: Answer): string {
  const { first, rest } = said(answer);
  const choices = answer.outcome.alt?.length ?? 0;
  return `${named(answer, answer.answered_at)}. ${first} ${rest}${choices ? ` ${choices === 1 ? '1 other choice' : `${choices} other choices`} to take.` : ''}`.trim();
}

/** More answers at once than anyone wants to hear read out. */
export const aloudMany = (answers: number): string => `${answers} answers have come. They are kept on the page Waiting to send.`;

export const outcomes = {
  putAway: (what: string): string => `Put this answer away: ${what}`,
  others: 'Here is what is still free, as you asked.',
  choose: 'Choose another',
};
