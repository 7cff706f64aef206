/** Sentences that stand on every page. */
import type { Connection } from '../app/account.ts';
import { count, when } from './dates.ts';

export const product = 'Carrel';
export const title = (view: string): string => `${view} - ${product}`;

export const frame = {
  skip: 'Skip to the page',
  main: 'Main',
  you: 'You and help',
  today: 'Today',
  search: 'Search',
  loans: 'Loans',
  rooms: 'Rooms',
  more: 'More',
  waiting: 'Waiting',
  waitingLong: 'Waiting to send',
  help: 'Help',
  hours: 'Opening hours',
  settings: 'Settings',
  everything: 'Everything else',
  signIn: 'Sign in',
  connection: 'Connection',
  updateReady: 'A newer Carrel is on this device.',
  useUpdate: 'Start the newer Carrel',
  waits: (n: number): string => `${n} waiting`,
};

export const connection: Record<Connection, (heardAt: number | null, now: number) => { first: string; rest: string }> = {
  online: (at, now) => ({ first: 'Online.', rest: at === null ? '' : `The library answered at ${when(at, now)}.` }),
  offline: (at, now) => ({ first: 'Offline.', rest: heard(at, now) }),
  sending: (at, now) => ({ first: 'Sending what waited.', rest: heard(at, now) }),
  unreachable: (at, now) => ({ first: 'The library does not answer just now.', rest: `${heard(at, now)} Carrel goes on trying.` }),
  'sign-in-again': (at, now) => ({ first: 'You were signed out at the library.', rest: `Everything is kept here. ${heard(at, now)}` }),
  'update-needed': () => ({ first: 'This Carrel is too old for the library.', rest: 'Everything is kept. Close the app and open it again to bring the newer one.' }),
};

function heard(at: number | null, now: number): string {
  return at === null ? 'Not heard from the library yet.' : `Last heard from the library at ${when(at, now)}.`;
}

export const signedOutBar = 'You are not signed in.';
export const waitingLink = (n: number): string => `Waiting to send: ${n}`;
export const notKept = 'This device has no room left, so your wish was not kept. Free some space, then ask again.';
export const outboxFull = 'Too much waits to be sent, so this was not added. Go online first, then ask again.';
export const notHere = { heading: 'This page did not come', text: 'It is not on this device yet, and the library cannot be reached. Go online, then open it again.', again: 'Open it again' };
export const asOf = (at: number, now: number): string => `as of ${when(at, now)}`;
export const signInFirst = { heading: 'Sign in to see this', text: 'Loans, bookings and wishes belong to a reader. Searching and opening hours work without.' };
export const results = (n: number): string => count(n, 'result');
