/** What is said of wishes that wait and of their answers. */
import { count, when } from './dates.ts';

export const waiting = {
  title: 'Waiting to send',
  lead: (n: number): string =>
    n === 1
      ? '1 wish is kept on this device. It goes by itself when the library can be reached. It has not happened yet.'
      : `${n} wishes are kept on this device, in the order you made them. They go by themselves when the library can be reached. None has happened yet.`,
  asked: (at: number, now: number): string => `You asked at ${when(at, now)}.`,
  waits: 'Waiting to be sent.',
  looked: (at: number | null, now: number): string => (at === null ? '' : `It looked possible when the library last answered, at ${when(at, now)}.`),
  ends: (at: number, now: number): string => `If it is not sent by ${when(at, now)}, this wish ends and you are told.`,
  withdraw: (what: string): string => `Withdraw: ${what}`,
  send: (n: number): string => (n === 1 ? 'Try to send it now' : `Try to send all ${n} now`),
  answers: 'Answers',
  empty: { heading: 'Nothing waits', text: 'What you ask for without a network is listed here until the library has answered.', way: 'See your loans' },
  withdrawn: (what: string): string => `Withdrawn: ${what}.`,
  sent: (n: number): string => `${count(n, 'wish', 'wishes')} sent.`,
};
