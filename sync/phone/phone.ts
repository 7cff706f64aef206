/**
 * The phone's half of the conversation: what waits, what was answered, what is held, what to send next.
 *
 * Every function takes a state and gives the next one; none reads a clock, throws dice, stores or sends.
 * Whoever calls keeps the state given back before anything that follows from it is shown or sent.
 * `sync/protocol.md` is the text of what it keeps: above all, no HTTP status ever removes a wish.
 */

import {
  INTENTS_PER_REQUEST,
  INTENT_BYTES,
  OUTBOX_BYTES,
  OUTBOX_INTENTS,
  REPLY_BYTES_LEAST,
  REPLY_BYTES_MOST,
  REQUEST_BYTES_COMPRESSED,
  REQUEST_BYTES_INFLATED,
  SCHEMA_VERSION,
  WIRE_VERSION,
  type Intent as IntentOnTheLine,
  type Outcome,
  type Problem,
  type Reply,
  type Request,
} from '../schema/messages.ts';
import { applied, bytes, checksum, type Facts } from './facts.ts';
import { maySend, moves, type Event, type Status } from './moves.ts';

export type { Fact, Facts } from './facts.ts';
export type { Event, Status } from './moves.ts';
export type { Alternative, Outcome, Problem, Reply, Request } from '../schema/messages.ts';

export const WITHDRAW = 'sync.withdraw@1';

/** Bytes of a compressed request: what to begin with, and how small it may get. One wish always goes. */
export const CHUNK_START = 48 * 1024;
export const CHUNK_LEAST = 512;
/** A cut request that carried less than this says little about the line: it is taken for one of this size. */
export const CHUNK_TELLING = 16 * 1024;
/** After a cut: with its answer and all heads this is below 8 KB, which most lines carry that carry anything. */
export const CHUNK_SAFE = 4_800;
/** On a slow line: what to begin with after a cut, until more has passed. */
export const CHUNK_SLOW = 6_000;
/** An exchange that takes longer than this is of a slow line; milliseconds. */
export const SLOW_MS = 500;
/** A cut request that carried at least this is asked about before it is sent again: it may have arrived. */
export const UNSURE_BYTES = 2 * 1024;
/** It may have if it was cut after this share of the time that the last exchange took. */
export const UNSURE_SHARE = 0.75;
/** After a cut, how near to the size that failed a chunk may grow, and for how long that is remembered. */
export const CEILING_SHARE = 0.75;
export const CEILING_MS = 5 * 60_000;
/** Compressed to plain size, until the transport has measured one. */
export const RATIO_START = 0.25;
/** Smaller requests than this compress worse than those that the ratio is for, and are not measured. */
export const RATIO_FROM_BYTES = 4 * 1024;
export const BACKOFF_LEAST_MS = 1_000;
export const BACKOFF_MOST_MS = 5 * 60_000;
/** How long an answer stays in the journal, to be sent again should the library lose its memory. */
export const JOURNAL_MS = 30 * 86_400_000;

/** What a person asked for, as it waits. */
export interface Wish {
  /** Place in this device's queue. */
  n: number;
  /** Identity: stays when the place changes. */
  u: string;
  op: string;
  args: object;
  /** When the person tapped, by the device's clock. */
  at: number;
  /** Not to be applied from this instant on, by the library's clock. */
  until: number | null;
  /** Versions of the facts the person was looking at: {"loans:881": 5}. */
  base: Record<string, number>;
  /** Identity of a wish that has to be done first. */
  after: string | null;
  /** What the person was looking at, for sentences about the wish. */
  seen: Record<string, unknown>;
  /** How often it was sent. */
  tries: number;
  /** The person took it back: `sync.withdraw@1` goes in its place. */
  withdrawn: boolean;
  /** What the library said before its memory was put back to an earlier day. */
  told: { outcome: Outcome; answered_at: number; put_away: boolean } | null;
}

/** An intent as a phone composes it: with its place, which may be left out on the line. */
export type Intent = IntentOnTheLine & { n: number };
type Row = NonNullable<Reply['rows']>[number];
type Gone = NonNullable<Reply['gone']>[number];

/** What a caller gives to `ask`. */
export interface Asking {
  u: string;
  op: string;
  args: object;
  at: number;
  seen: Record<string, unknown>;
  until?: number | null;
  base?: Record<string, number>;
  after?: string | null;
}

/** A wish with its outcome, kept until put away, and 30 days longer as a journal. */
export interface Answer {
  /** Its place; 0 when the library's memory no longer has that place. */
  n: number;
  u: string;
  op: string;
  args: object;
  at: number;
  until: number | null;
  seen: Record<string, unknown>;
  outcome: Outcome;
  /** By the library's clock. */
  answered_at: number;
  put_away: boolean;
  /** True when the person had taken it back, but it was decided before. */
  withdrawn: boolean;
}

/** All that a phone remembers of one reader. Everything in it can be stored by structured clone. */
export interface PhoneState {
  status: Status;
  /** Random 128 bit, minted at each sign-in: "d_" and 32 hexadecimal digits. */
  dev: string;
  /** The library's history this phone knows; "" for none. */
  epoch: string;
  /** Place of the next wish. */
  next: number;
  /** Up to here every final outcome is stored. */
  ack: number;
  /** Up to here the library has read out its facts; "" to begin anew. */
  cur: string;
  outbox: readonly Wish[];
  answers: readonly Answer[];
  facts: Facts;
  /** Facts that are being read anew, beside the old ones, with the cursor for the rest of them. */
  shadow: { cur: string; facts: Facts } | null;
  /** Library's clock minus the device's, milliseconds; null before the first reply. */
  offset: number | null;
  /** When the library last answered, by its clock. */
  heard_at: number | null;
  /** Target size of a request, compressed bytes. */
  chunk: number;
  /** The size that last did not get through, and when, by the device's clock; null for none. */
  ceiling: { bytes: number; at: number } | null;
  /** The size that last got through; 0 for none. */
  passed: number;
  /** What got through since the last cut, all together. */
  carried: number;
  /** How long the last exchange took, milliseconds by the device's clock; 0 before the first. */
  took_ms: number;
  /** What a request weighed that was cut and may have arrived: what became of it is asked first. 0: none. */
  unsure: number;
  /** Compressed to plain size, as last measured. */
  ratio: number;
  /** How many wishes a request may carry, lowered when one cannot be read. */
  most: number;
  /** Requests in a row that got no reply. */
  failures: number;
  /** Sums in a row that did not match. */
  mismatches: number;
}

export interface Limits {
  intents: number;
  bytes: number;
}

export const LIMITS: Limits = { intents: OUTBOX_INTENTS, bytes: OUTBOX_BYTES };

/** The state of a phone that was just signed in. */
export function begin(dev: string): PhoneState {
  return {
    status: 'idle',
    dev,
    epoch: '',
    next: 1,
    ack: 0,
    cur: '',
    outbox: [],
    answers: [],
    facts: new Map(),
    shadow: null,
    offset: null,
    heard_at: null,
    chunk: CHUNK_START,
    ceiling: null,
    passed: 0,
    carried: 0,
    took_ms: 0,
    unsure: 0,
    ratio: RATIO_START,
    most: INTENTS_PER_REQUEST,
    failures: 0,
    mismatches: 0,
  };
}

/** The app was started with a stored state: nothing is on its way any more. */
export function opened(state: PhoneState): PhoneState {
  // What an earlier version kept has not all of these.
  const { ceiling = null, passed = 0, carried = 0, took_ms = 0, unsure = 0 } = state as Partial<PhoneState>;
  return moved({ ...state, ceiling, passed, carried, took_ms, unsure }, 'opened');
}

/** The same reader has signed in again: what waited may go. */
export function signedIn(state: PhoneState): PhoneState {
  return { ...moved(state, 'signed_in'), failures: 0 };
}

/**
 * Put a wish at the end of the queue.
 *
 * Refuses with `full` when 2,000 wishes or 5 MB wait, and when the wish alone is too long to be sent; then
 * nothing was kept. A wish whose identity is there already is given back as it is.
 */
export function ask(
  state: PhoneState,
  asking: Asking,
  limits: Limits = LIMITS,
): { state: PhoneState; wish: Wish } | { full: true } {
  const known = state.outbox.find((each) => each.u === asking.u);
  if (known) return { state, wish: known };
  const wish: Wish = {
    n: state.next,
    u: asking.u,
    op: asking.op,
    args: asking.args,
    at: asking.at,
    until: asking.until ?? null,
    base: asking.base ?? {},
    after: asking.after ?? null,
    seen: asking.seen,
    tries: 0,
    withdrawn: false,
    told: null,
  };
  const size = bytes(JSON.stringify(wish));
  const waiting = state.outbox.reduce((sum, each) => sum + stored(each), 0);
  if (sizeOf(wish) > INTENT_BYTES || state.outbox.length >= limits.intents || waiting + size > limits.bytes) {
    return { full: true };
  }
  return { state: { ...moved(state, 'asked'), next: wish.n + 1, outbox: [...state.outbox, wish] }, wish };
}

/**
 * Take a waiting wish back.
 *
 * It keeps its place, as a request that carried it may have arrived; the library says what became of it. A
 * wish that is not waiting is left alone.
 */
export function withdraw(state: PhoneState, u: string): PhoneState {
  if (!state.outbox.some((each) => each.u === u && !each.withdrawn)) return state;
  return {
    ...moved(state, 'withdrew'),
    outbox: state.outbox.map((each) => (each.u === u ? { ...each, withdrawn: true } : each)),
  };
}

/** Hide an answer that the person has read; it stays in the journal. */
export function putAway(state: PhoneState, u: string): PhoneState {
  return {
    ...state,
    answers: state.answers.map((each) => (each.u === u ? { ...each, put_away: true } : each)),
  };
}

/** Wishes a person would lose by signing out now: those waiting and not taken back. */
export function waiting(state: PhoneState): Wish[] {
  return state.outbox.filter((each) => !each.withdrawn);
}

/** The library's clock, as well as the device can tell; null before the first reply. */
export function libraryNow(state: PhoneState, now: number): number | null {
  return state.offset === null ? null : now + state.offset;
}

/** A request that may leave now, and the state to keep meanwhile. */
export interface Composed {
  state: PhoneState;
  request: Request;
  /** Places of the wishes it carries. */
  sending: number[];
}

/**
 * Say what to send: as many wishes as fit, and how far this phone has read. The first message carries none, nor
 * does one that asks what became of a request that was cut.
 *
 * Args:
 *   now: the device's clock, epoch milliseconds.
 *
 * Returns null while the reader has to sign in, the app has to be updated or the device was signed out.
 */
export function compose(state: PhoneState, now: number, app = ''): Composed | null {
  if (!maySend[state.status]) return null;
  const chunk = aimed(state);
  const plain = Math.min(REQUEST_BYTES_INFLATED - 1024, chunk / state.ratio);
  const intents: Intent[] = [];
  let size = 0;
  // Without a known epoch none goes: should the message come late, in another history, it would be decided there.
  for (const wish of state.epoch && !state.unsure ? state.outbox : []) {
    size += sizeOf(wish) + 1;
    if (intents.length >= state.most || (intents.length && size > plain)) break;
    intents.push(intentOf(wish));
  }
  const request: Request = {
    v: WIRE_VERSION,
    schema: SCHEMA_VERSION,
    dev: state.dev,
    epoch: state.epoch,
    ack: state.ack,
    now,
    cur: reading(state),
    max: Math.max(REPLY_BYTES_LEAST, Math.min(REPLY_BYTES_MOST, chunk * answering(state))),
    short: true,
  };
  if (app) request.app = app;
  if (intents.length) request.intents = intents;
  const outbox = state.outbox.map((each, i) => (i < intents.length ? { ...each, tries: each.tries + 1 } : each));
  return { state: { ...moved(state, 'sent'), outbox }, request, sending: intents.map((each) => each.n) };
}

/** A request as it goes on the line: places are left out where they follow from the intent before. */
export function written(request: Request): string {
  if (!request.intents) return JSON.stringify(request);
  let last: number | null = null;
  const intents = (request.intents as Intent[]).map((each) => {
    const follows = last !== null && each.n === last + 1;
    last = each.n;
    if (!follows) return each;
    const { n: _n, ...rest } = each;
    return rest;
  });
  return JSON.stringify({ ...request, intents });
}

/** What a reply made of the state. */
export interface Received {
  state: PhoneState;
  /** Newly answered, in order, to be announced once. */
  answered: Answer[];
  /** True when facts changed. */
  changed: boolean;
  /** True: compose and send at once, there is more. */
  again: boolean;
  /** Otherwise: milliseconds until it makes sense to ask unprompted. */
  wait_ms: number;
}

/**
 * Take in a reply, all of it at once.
 *
 * Args:
 *   state: as it is now, which may be later than when the request was composed.
 *   request: what this is the reply to.
 *   now: the device's clock, epoch milliseconds.
 *   size: plain and compressed bytes of the request, where the transport knows them.
 */
export function receive(
  state: PhoneState,
  request: Request,
  reply: Reply,
  now: number,
  size?: { plain: number; compressed: number },
): Received {
  if (state.status === 'closed' || request.dev !== state.dev || (state.epoch && request.epoch !== state.epoch)) {
    return { state, answered: [], changed: false, again: false, wait_ms: BACKOFF_MOST_MS };
  }
  const fates = fatesOf(reply);
  const arrived = vouched(state, request, reply);
  const carried = new Map([...((request.intents ?? []) as Intent[]), ...arrived].map((each) => [each.u, each.n]));
  const sure = moved(state, 'replied');

  const answered: Answer[] = [];
  const moving = new Set<string>();
  const answers = new Map(state.answers.map((each) => [each.u, each]));
  const placed = new Map(state.answers.filter((each) => each.n).map((each) => [each.n, each]));
  const open: Wish[] = [];
  const openAt = new Set<number>();
  for (const wish of state.outbox) {
    const outcome = fates.get(wish.n);
    // It may have been moved since: then what is said of its place is said of another.
    if (!outcome || carried.get(wish.u) !== wish.n) {
      open.push(wish);
      openAt.add(wish.n);
    } else if (outcome.u && outcome.u !== wish.u) {
      // Another wish of this device was decided in this place, on a day that this phone has forgotten.
      open.push(wish);
      moving.add(wish.u);
    } else {
      const before = answers.get(wish.u);
      const answer = answerOf(wish, outcome, reply.now);
      if (before && wish.withdrawn && outcome.st === 'withdrawn') {
        // It was set aside as unreadable: what the person was told stays true.
        placed.set(wish.n, before);
        continue;
      }
      answers.delete(wish.u);
      answers.set(wish.u, answer);
      placed.set(wish.n, answer);
      if (!answer.put_away && !asBefore(wish, outcome)) answered.push(answer);
    }
  }
  for (const [n, outcome] of fates) {
    // A final outcome for one that was `received` before.
    const before = placed.get(n);
    if (before?.outcome.st === 'received' && before.n === n && outcome.st !== 'received') {
      const answer = { ...before, outcome, answered_at: reply.now, put_away: false };
      answers.set(before.u, answer);
      placed.set(n, answer);
      answered.push(answer);
    }
  }
  for (const [u, n] of carried) {
    // One that was given up as unreadable had got through before: what the library says of it is what is true.
    const before = answers.get(u);
    const outcome = fates.get(n);
    if (!before || before.n || before.outcome.code !== 'unreadable' || !outcome || outcome.st === 'withdrawn') continue;
    if (state.outbox.some((each) => each.u === u) || (outcome.u && outcome.u !== u)) continue;
    const answer = { ...before, outcome, answered_at: reply.now, put_away: false };
    answers.set(u, answer);
    answered.push(answer);
  }
  let ack = state.ack;
  for (;;) {
    const n = ack + 1;
    const st = placed.get(n)?.outcome.st ?? fates.get(n)?.st;
    if (openAt.has(n) || !st || st === 'received') break;
    ack = n;
  }

  let next: PhoneState = {
    ...sure,
    epoch: reply.epoch,
    ack,
    outbox: open,
    answers: kept([...answers.values()], ack, reply.now),
    next: Math.max(state.next, reply.upto + 1),
    offset: Math.round(reply.now - ((request.now ?? now) + now) / 2),
    heard_at: reply.now,
    ...grown(state, request, reply, now, arrived.length > 0),
    ratio: size && size.plain >= RATIO_FROM_BYTES ? Math.min(1, Math.max(0.02, size.compressed / size.plain)) : state.ratio,
    most: Math.min(INTENTS_PER_REQUEST, state.most * 2),
    unsure: 0,
    failures: 0,
  };
  // A reply may be late: no wish moves back to where everything is known to be decided and acknowledged.
  const base = Math.max(reply.upto, ack);
  const gap = reply.gap != null && open.some((each) => each.n > base);
  if (moving.size || gap) next = renumbered(next, base, (each) => moving.has(each.u) || each.n > base);

  const facts = request.cur === reading(state) ? spelt(request, reply) : null;
  const read = facts !== null;
  if (facts) next = told(next, facts);
  const again =
    (read && (reply.more ?? false)) ||
    next.mismatches === 1 ||
    (next.outbox.length > 0 && (moving.size > 0 || gap || !state.epoch || state.unsure > 0 || open.length < state.outbox.length));
  return { state: next, answered, changed: next.facts !== state.facts, again, wait_ms: reply.poll ?? 60_000 };
}

/** Why a request got no reply: no answer came, or one with this status and, it may be, a problem. */
export type Failure =
  | { kind: 'cut' }
  | { kind: 'status'; status: number; problem: Problem | null; retry_after_ms?: number };

export interface Broken {
  state: PhoneState;
  /** Milliseconds to wait before composing again; null: until something else happens. */
  wait_ms: number | null;
  tell: 'offline' | 'sign-in' | 'update' | 'closed' | 'later' | 'resent';
  /** How many wishes that were answered before are sent again. */
  resent: number;
  /** Newly answered by the phone itself, as the library cannot read them; to be announced once. */
  answered: Answer[];
}

/**
 * Make the best of a failure. No wish is ever lost by one.
 *
 * Args:
 *   request: what failed.
 *   now: the device's clock, epoch milliseconds; says only how long ago a size did not get through.
 *   random: from 0 (included) to 1 (excluded), so that phones do not all come back at once.
 */
export function broke(state: PhoneState, request: Request, failure: Failure, now: number, random: number): Broken {
  if (request.dev !== state.dev) {
    // Of a sign-in that has ended meanwhile: it says nothing about this one, least of all that this one is closed.
    return { state, wait_ms: 0, tell: 'later', resent: 0, answered: [] };
  }
  if (failure.kind === 'cut') return later(shrunk(state, request, now), 'cut', 'offline', random);
  const { status, problem } = failure;
  const least = failure.retry_after_ms ?? 0;
  const still = (event: Event, tell: Broken['tell']): Broken => ({
    state: moved(state, event),
    wait_ms: null,
    tell,
    resent: 0,
    answered: [],
  });
  if (status === 410) return still('ended', 'closed');
  if (status === 426) return still('outdated', 'update');
  if (status === 401 || (status === 403 && problem?.code === 'device')) return still('unknown', 'sign-in');
  if (status === 409 && problem?.code === 'epoch' && problem.epoch && problem.epoch !== state.epoch) {
    const { state: next, resent } = restored(moved(state, 'restored'), problem.epoch, problem.upto ?? 0);
    return { state: next, wait_ms: 0, tell: resent ? 'resent' : 'later', resent, answered: [] };
  }
  if (status === 400 || status === 413 || status === 415 || status === 422) {
    const { state: next, answered } = smaller(state, request);
    return { ...later(next, 'unreadable', 'later', random, least), answered };
  }
  const slow = status === 408 || status === 504;
  return later(slow ? shrunk(state, request, now) : state, 'busy', 'later', random, least);
}

/** A reply, if that is what came: a café's log-in page is none. */
export function asReply(told: unknown): Reply | null {
  if (typeof told !== 'object' || told === null) return null;
  const { v, now, epoch, upto, cur } = told as Record<string, unknown>;
  const sound =
    v === WIRE_VERSION &&
    typeof now === 'number' &&
    typeof epoch === 'string' &&
    typeof upto === 'number' &&
    typeof cur === 'string';
  const lists = ['done', 'outcomes', 'rows', 'gone'].every((name) => {
    const list = (told as Record<string, unknown>)[name];
    return list === undefined || Array.isArray(list);
  });
  return sound && lists ? (told as Reply) : null;
}

function moved(state: PhoneState, event: Event): PhoneState {
  return { ...state, status: moves[state.status][event] };
}

/** The cursor to read on from. */
function reading(state: PhoneState): string {
  return state.shadow ? state.shadow.cur : state.cur;
}

function intentOf(wish: Wish): Intent {
  const intent: Intent = { n: wish.n, u: wish.u, op: wish.op, args: wish.args, at: wish.at };
  if (wish.withdrawn) return { ...intent, op: WITHDRAW, args: { u: wish.u } };
  if (wish.until !== null) intent.until = wish.until;
  if (Object.keys(wish.base).length) intent.base = wish.base;
  if (wish.after !== null) intent.after = wish.after;
  return intent;
}

const sent = new WeakMap<Wish, number>();
const held = new WeakMap<Wish, number>();

/** Bytes on the wire, before compression. */
function sizeOf(wish: Wish): number {
  return once(sent, wish, () => bytes(JSON.stringify(intentOf(wish))));
}

/** Bytes as it is kept, with what the person was looking at. */
function stored(wish: Wish): number {
  return once(held, wish, () => bytes(JSON.stringify(wish)));
}

function once(known: WeakMap<Wish, number>, wish: Wish, count: () => number): number {
  let size = known.get(wish);
  if (size === undefined) known.set(wish, (size = count()));
  return size;
}

/**
 * Wishes whose fate the reply tells though its request did not carry them: an earlier one did, and its reply was lost.
 *
 * None unless the identities of all places above `ack` are the library's: a phone that was put back may have given
 * a place to another wish.
 */
function vouched(state: PhoneState, request: Request, reply: Reply): Wish[] {
  if (!reply.whose) return [];
  const ack = request.ack ?? 0;
  const ours = [...state.outbox, ...state.answers].filter(({ n }) => n > ack && n <= reply.upto);
  const places = new Map(ours.map(({ n, u }) => [u, { version: n, body: {} }]));
  return checksum(new Map([['place', places]])) === reply.whose ? state.outbox.filter(({ n }) => n <= reply.upto) : [];
}

function fatesOf(reply: Reply): Map<number, Outcome> {
  const fates = new Map<number, Outcome>();
  for (const [first, last] of reply.done ?? []) {
    for (let n = first; n <= last; n++) fates.set(n, { n, st: 'done' });
  }
  for (const outcome of reply.outcomes ?? []) fates.set(outcome.n, outcome);
  return fates;
}

function answerOf(wish: Wish, outcome: Outcome, now: number): Answer {
  const { n, u, op, args, at, until, seen } = wish;
  const told = asBefore(wish, outcome) ? wish.told : null;
  return {
    n,
    u,
    op,
    args,
    at,
    until,
    seen,
    outcome,
    answered_at: told ? told.answered_at : now,
    // What the person did themselves, or has read already, is not told twice.
    put_away: (wish.withdrawn && outcome.st === 'withdrawn') || (told?.put_away ?? false),
    withdrawn: wish.withdrawn && outcome.st !== 'withdrawn',
  };
}

/** Whether the person was told the same before the library's memory was put back. */
function asBefore({ told }: Wish, outcome: Outcome): boolean {
  const fate = ({ st, code, said }: Outcome) => JSON.stringify([st, code ?? '', said ?? {}]);
  return told !== null && fate(told.outcome) === fate(outcome);
}

/** Answers still needed: to be read, to be acknowledged, or young enough for the journal. */
function kept(answers: Answer[], ack: number, now: number): Answer[] {
  return answers.filter((each) => !each.put_away || each.n > ack || each.answered_at > now - JOURNAL_MS);
}

/** The same wishes, those that have to move in new places after `upto`, in their old order. */
function renumbered(state: PhoneState, upto: number, moves: (wish: Wish) => boolean): PhoneState {
  let n = upto;
  const stay = state.outbox.filter((each) => !moves(each));
  const go = state.outbox.filter(moves).map((each) => ({ ...each, n: ++n }));
  return { ...state, outbox: [...stay, ...go], next: Math.max(n, upto) + 1 };
}

/**
 * A reply with every short id spelt out: "#7" is the identity of the intent that the request has at 7, "#" that of
 * the place after the one that its list named last.
 *
 * Null when one names a place that the request does not have: then its facts cannot be told.
 */
function spelt(request: Request, reply: Reply): Reply | null {
  const identities = new Map(((request.intents ?? []) as Intent[]).map(({ n, u }) => [String(n), u]));
  let sound = true;
  const whole = () => {
    let last = '';
    return (id: string): string => {
      if (!id.startsWith('#')) return id;
      last = id === '#' && last ? String(Number(last) + 1) : id.slice(1);
      const u = identities.get(last);
      sound &&= u !== undefined;
      return u ?? id;
    };
  };
  const [ofRow, ofGone] = [whole(), whole()];
  const rows = (reply.rows ?? []).map(([kind, id, version, body]): Row => [kind, ofRow(id), version, body]);
  const gone = (reply.gone ?? []).map(([kind, id, version]): Gone => [kind, ofGone(id), version]);
  return sound ? { ...reply, rows, gone } : null;
}

/** Take in the facts of a reply that continues from where this phone has read to. */
function told(state: PhoneState, reply: Reply): PhoneState {
  const anew = reply.reset ? new Map() : state.shadow?.facts;
  const facts = applied(anew ?? state.facts, reply);
  if (anew && reply.more) return { ...state, shadow: { cur: reply.cur, facts } };
  const next = { ...state, cur: reply.cur, facts, shadow: null };
  if (reply.more || !reply.sum) return next;
  // Held facts differ from the library's: read all of them anew, but only once until it asks again.
  return checksum(facts) === reply.sum
    ? { ...next, mismatches: 0 }
    : { ...next, cur: '', mismatches: state.mismatches + 1 };
}

/** How large a request may be now, compressed bytes: on a slow line no larger than all that has passed since the last cut. */
function aimed(state: PhoneState): number {
  return state.took_ms > SLOW_MS ? Math.min(state.chunk, Math.max(CHUNK_SLOW, state.carried)) : state.chunk;
}

/** How many times as large an answer may be, before compression; after a cut one that is no heavier than its request. */
function answering(state: PhoneState): number {
  return state.ceiling ? 5 : 8;
}

/** What an exchange weighs on the line, compressed: its wishes, or where it has none, as much of a chunk as was answered. */
function weight(state: PhoneState, { intents }: Request, reply?: Reply): number {
  const weighs = intents?.length
    ? bytes(JSON.stringify(intents)) * state.ratio
    : bytes(JSON.stringify([reply?.rows, reply?.gone])) / answering(state);
  return Math.min(state.chunk, Math.floor(weighs));
}

/**
 * After a request that did not get through: what has just passed, if that is less; else three quarters, half when the
 * one before was cut too, and no more than is safe.
 *
 * Right after a reply it may be the connection that came to its end, so what passed on it is worth another try. On a
 * line that is cut after so many bytes, each attempt above that is lost whole; so the size that failed is remembered.
 */
function shrunk(state: PhoneState, request: Request, now: number): PhoneState {
  const weighs = weight(state, request);
  const late = now - (request.now ?? now) >= state.took_ms * UNSURE_SHARE;
  const next = { ...state, carried: 0, unsure: weighs >= UNSURE_BYTES && late ? weighs : state.unsure };
  const proven = state.failures === 0 ? state.passed : 0;
  // One that asks what became of another is cut by its answer, if by a size.
  if (state.unsure) return { ...next, chunk: Math.max(CHUNK_LEAST, Math.floor(state.chunk * 0.75)) };
  if (weighs <= proven) return next;
  const size = Math.min(state.chunk, Math.max(weighs, CHUNK_TELLING));
  const chunk = Math.min(CHUNK_SAFE, size * (state.failures ? 0.5 : 0.75));
  return { ...next, chunk: Math.max(CHUNK_LEAST, Math.floor(chunk), Math.floor(proven)), ceiling: { bytes: Math.floor(size), at: now } };
}

/**
 * After a reply: twice as much; but after a cut not before as much has passed as failed then, and not near that.
 *
 * `arrived`: a request that was cut had arrived, so its size is worth another try.
 */
function grown(
  state: PhoneState,
  request: Request,
  reply: Reply,
  now: number,
  arrived: boolean,
): Pick<PhoneState, 'chunk' | 'ceiling' | 'passed' | 'carried' | 'took_ms'> {
  // A clock that was put back makes it as good as forgotten.
  const { ceiling } = state;
  const held = ceiling && now >= ceiling.at && now - ceiling.at < CEILING_MS ? ceiling : null;
  const chunk = arrived ? Math.max(state.chunk, Math.floor(state.unsure)) : state.chunk;
  const passed = weight(state, request, reply);
  const carried = state.carried + passed;
  const most = !held ? REQUEST_BYTES_COMPRESSED : carried < held.bytes ? chunk : Math.max(chunk, Math.floor(held.bytes * CEILING_SHARE));
  return { chunk: Math.min(REQUEST_BYTES_COMPRESSED, chunk * 2, most), ceiling: held, passed, carried, took_ms: now - (request.now ?? now) };
}

function later(
  state: PhoneState,
  event: Event,
  tell: Broken['tell'],
  random: number,
  least = 0,
): Broken {
  const failures = state.failures + 1;
  const most = Math.min(BACKOFF_MOST_MS, BACKOFF_LEAST_MS * 2 ** Math.min(failures, 20));
  const wait = Math.max(BACKOFF_LEAST_MS, Math.floor(random * most), least);
  return { state: { ...moved(state, event), failures }, wait_ms: wait, tell, resent: 0, answered: [] };
}

/**
 * After a request that the library could not read: send fewer wishes, and when it was one, set that one aside.
 *
 * In its place goes a withdrawal, so that what follows can be sent, and should it have been decided after all,
 * the library says so. When not even that can be read, the place itself is given up.
 */
function smaller(state: PhoneState, request: Request): { state: PhoneState; answered: Answer[] } {
  const carried = (request.intents ?? []) as Intent[];
  const first = carried[0];
  if (!first) return { state: { ...state, cur: '', shadow: null }, answered: [] };
  if (carried.length > 1) return { state: { ...state, most: Math.ceil(carried.length / 2) }, answered: [] };
  const wish = state.outbox.find((each) => each.u === first.u);
  if (!wish) return { state, answered: [] };
  const known = state.answers.some((each) => each.u === wish.u);
  const outcome: Outcome = { n: wish.n, st: 'invalid', code: 'unreadable' };
  const answer: Answer = { ...answerOf(wish, outcome, state.heard_at ?? wish.at), n: 0 };
  const answered = known ? [] : [answer];
  const answers = [...state.answers, ...answered];
  if (first.op !== WITHDRAW) {
    const outbox = state.outbox.map((each) => (each.u === wish.u ? { ...each, withdrawn: true, told: known ? each.told : null } : each));
    // What was told before the library was put back is no longer the last that the person heard.
    return { state: { ...state, outbox, answers }, answered };
  }
  const rest = { ...state, outbox: state.outbox.filter((each) => each.u !== wish.u), answers };
  return { state: renumbered(rest, wish.n - 1, (each) => each.n > wish.n), answered };
}

/**
 * The library's memory was put back: what it told this phone to be done goes again, in new places.
 *
 * Whether the library still knows it does not matter, nor does its old place mean anything in this history: the
 * identity keeps what it brings about single.
 */
function restored(state: PhoneState, epoch: string, upto: number): { state: PhoneState; resent: number } {
  // By what the library last said of its clock: the device's may have jumped since.
  const since = (state.heard_at ?? 0) - JOURNAL_MS;
  // A refusal had no effect that could be missing; sent again it might be done, against what was told.
  const again = state.answers.filter(
    ({ outcome: { st }, answered_at }) =>
      st === 'received' || ((st === 'done' || st === 'changed') && answered_at > since),
  );
  const wishes = again.map(
    ({ n, u, op, args, at, until, seen, outcome, answered_at, put_away }): Wish => ({
      n,
      u,
      op,
      args,
      at,
      until,
      base: {},
      after: null,
      seen,
      tries: 0,
      withdrawn: false,
      told: { outcome, answered_at, put_away },
    }),
  );
  const outbox = [...wishes, ...state.outbox].sort((one, other) => one.n - other.n);
  const answers = state.answers.filter((each) => !again.includes(each)).map((each) => ({ ...each, n: 0 }));
  const next = { ...state, epoch, ack: upto, cur: '', shadow: null, outbox, answers, failures: 0 };
  return { state: renumbered(next, upto, () => true), resent: wishes.length };
}
