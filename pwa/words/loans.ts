/** What is said about loans. */
import type { LoanFact, RenewalRefusal } from '../app/facts.ts';
import { count, date, day, distance } from './dates.ts';

/** Why a loan does not renew, as things stand. */
export const why: Record<RenewalRefusal, string> = {
  requested: 'Another reader has asked for it.',
  overdue: 'It is overdue. Return it, or ask at the help desk.',
  never_renews: 'Things of this kind go to the next person in the queue.',
  account_blocked: 'Your account is blocked. Ask at the help desk.',
  account_expired: 'Your account ends before it could be renewed.',
  max_period: 'It has been out as long as it may. Return it; it can then be lent to you again.',
  too_soon: 'It is too early to renew it. Try nearer its date.',
  lost: 'You reported it lost.',
  not_yours: 'It is not on loan to you.',
  unexplained: 'The library that lends it did not say why. Ask at its help desk.',
  system_silent: 'The loan system that lends it did not do it for a day. Ask again, or ask at its help desk.',
};

export const kind: Record<LoanFact['kind'], string> = {
  book: '',
  laptop: 'Laptop',
  inter_library_loan: 'From another library',
  short_loan: 'Short loan',
  reference: 'Reference copy',
};

export const loans = {
  title: 'Loans',
  summary: (all: number, back: number, safe: number): string => `${all} on loan. ${back} to take back; ${safe} safe.`,
  renewAll: (n: number): string => `Renew the ${count(n, 'loan')} that can be renewed`,
  back: 'Going back',
  safe: 'Safe',
  returnBy: (on: string, today: string): [string, string] => [`Return by ${day(on, today)},`, ` ${distance(on, today)}.`],
  wasDue: (on: string, today: string): [string, string] => [`Was due ${day(on, today)},`, ` ${distance(on, today)}.`],
  safeUntil: (on: string, today: string): [string, string] => [`Safe until ${day(on, today)},`, ` ${distance(on, today)}, unless someone asks for it.`],
  keptUntil: (on: string, today: string): [string, string] => [`Yours until ${day(on, today)},`, ` ${distance(on, today)}.`],
  renewsItself: (until: string): string => `Then it renews itself, week by week until ${date(until)}.`,
  doesNot: 'Does not renew.',
  renew: (title: string): string => `Renew ${title}`,
  withdraw: (title: string): string => `Withdraw the renewal of ${title}`,
  waits: 'Renewal waiting to be sent.',
  waitsRest: (askedAt: string): string => `You asked at ${askedAt}. The date changes only when the library says so.`,
  mayFail: 'Renewal waiting to be sent; may be refused.',
  lost: 'Reported lost',
  recalled: 'Requested by another reader.',
  where: (title: string): string => `Where to return ${title}`,
  system: { university: 'University', forum: 'The Forum' } satisfies Record<LoanFact['system'], string>,
  lastAnswer: (system: string, at: string): string => `Last answer from ${system}: ${at}.`,
  silent: (system: string): string => `${system} does not answer just now.`,
  silentRest: (at: string | null): string => (at === null ? 'What it lends you appears here once it does.' : `Its last answer: ${at}. What it lends you is shown as it was then.`),
  empty: { heading: 'Nothing is on loan', text: 'What you borrow appears here, with the day it goes back.', way: 'Find a book' },
  keptMany: (n: number): string => `${count(n, 'renewal')} wait to be sent.`,
  kept: (title: string): string => `Renewal of ${title} waits to be sent.`,
};
