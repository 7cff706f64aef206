/** What is said when signing in and out. */
import { count } from './dates.ts';

export const signIn = {
  title: 'Sign in',
  demo: 'This is a made-up library. Choose whom you want to be; one tap is enough.',
  as: (name: string): string => `Sign in as ${name}`,
  code: 'Staff at the help desk give you a code for your library card. It works once, for a quarter of an hour.',
  card: 'Number on your library card',
  codeField: 'Code from the library',
  go: 'Sign in',
  no: 'Card number and code do not match. Check both, or ask the library for a new code.',
  wait: 'Too many codes were tried for this card. Wait a quarter of an hour, then try again.',
  unreachable: 'The library cannot be reached, so you are not signed in. Go online, then try again.',
  other: 'Wishes of another reader still wait on this device. They sign in and send them, or sign out and discard them; then it is yours.',
  'no-room': 'This browser keeps nothing for Carrel, so you are not signed in. Free some space, or leave private browsing, then try again.',
  cleared: 'This browser has cleared what Carrel kept here. Wishes that were not sent are gone: sign in, then ask again. What had reached the library is still there.',
  missing: 'Type the number of your card and the code.',
  summary: 'You are not signed in yet',
  welcome: 'You are signed in.',
};

export const signOut = {
  title: 'Sign out',
  lead: 'Everything of your account leaves this device: loans, bookings, answers, what you need of a room. The catalogue and your settings stay.',
  go: 'Sign out',
  waits: (n: number): string => `${count(n, 'wish', 'wishes')} could not be sent`,
  waitsText: 'They were not sent, as the library cannot be reached. Nobody else on this device may keep them for you.',
  send: 'Send now',
  stay: 'Stay signed in',
  noRoom: 'This device has no room to write, so you are still signed in. Free some space, then sign out again.',
  discard: (n: number): string => (n === 1 ? 'Discard this wish and sign out' : `Discard these ${n} and sign out`),
  out: { heading: 'You are signed out', text: 'Nothing of your account is on this device.', way: 'Sign in' },
};
