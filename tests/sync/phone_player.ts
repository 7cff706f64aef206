/** Plays a dialogue of `sync/conversations/` in the part of the library, against the phone's half. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  WITHDRAW,
  ask,
  asReply,
  begin,
  broke,
  compose,
  libraryNow,
  opened,
  receive,
  signedIn,
  waiting,
  withdraw,
  type Answer,
  type Facts,
  type PhoneState,
  type Problem,
  type Reply,
  type Request,
} from '../../sync/phone/phone.ts';

export const CONVERSATIONS = join(import.meta.dirname, '../../sync/conversations');
/** t+0: Monday 1 February 2027, 09:00 UTC. */
const START_MS = 1_801_472_400_000;
const DAY_MS = 86_400_000;

/** A dialogue is free JSON, checked by playing it. */
type Json = any;

/** Every dialogue in a folder of `sync/conversations/`, with its file's name. */
export function dialogues(folder = ''): [string, Json][] {
  const place = join(CONVERSATIONS, folder);
  return readdirSync(place)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(join(place, name), 'utf8'))]);
}

/** Say the library's lines to a phone; throws with the step, what was expected and what came. */
export function play(dialogue: Json): void {
  let state: PhoneState = { ...begin(spelt(dialogue.dev ?? 'd:1')), epoch: dialogue.epoch ?? 'e1' };
  const heard = new Map<number, [Request, Reply]>();
  let skew = (dialogue.phone_clock_off_by_days ?? 0) * DAY_MS;
  for (const [at, written] of dialogue.steps.entries()) {
    const step = spelt(written);
    const where = `${dialogue.title}, step ${at + 1}`;
    const libraryClock = START_MS + (step.at ?? 0) * 1000;
    const now = libraryClock + skew;
    const so: Json = { answered: [] };
    const expected = (what: string, wanted: unknown, came: unknown) => {
      if (!isDeepStrictEqual(came, wanted)) {
        throw new Error(`${where}: expected ${what} ${JSON.stringify(wanted)}, got ${JSON.stringify(came)}`);
      }
    };
    if (step.only === 'library') continue;
    if (step.phone?.clock_off_by_days !== undefined) {
      skew = step.phone.clock_off_by_days * DAY_MS;
    } else if (step.phone) {
      state = done(state, step.phone, heard, now, so);
    } else if (step.sends) {
      const composed = compose(state, now);
      if (!composed) throw new Error(`${where}: expected a request, got none in status ${state.status}`);
      state = composed.state;
      const { request } = composed;
      expected('device', spelt(step.sends.dev ?? dialogue.dev ?? 'd:1'), request.dev);
      expected('epoch', step.sends.epoch ?? 'e1', request.epoch);
      expected('ack', step.sends.ack ?? 0, request.ack);
      expected('short', true, request.short);
      expected('cursor', step.sends.cur ?? '', request.cur);
      if (step.sends.max) expected('largest reply', step.sends.max, request.max);
      expected('intents', placed(step.sends.intents ?? []), (request.intents ?? []).map(withoutTime));
      expected('places', (request.intents ?? []).map((each: Json) => each.n), composed.sending);
      const status = step.status ?? 200;
      if (!step.lost && status === 200) {
        const reply = asReply({ v: 1, now: libraryClock, epoch: 'e1', cur: request.cur, ...step.gets });
        if (!reply) throw new Error(`${where}: expected a reply, got ${JSON.stringify(step.gets)}`);
        heard.set(at + 1, [request, reply]);
        Object.assign(so, receive(state, request, reply, now));
      } else {
        const problem = step.gets as Problem;
        const failure = step.lost
          ? ({ kind: 'cut' } as const)
          : { kind: 'status' as const, status, problem, ...(step.retry_after ? { retry_after_ms: step.retry_after * 1000 } : {}) };
        Object.assign(so, broke(state, request, failure, now, 0.5));
      }
      state = so.state;
    }
    const then = step.then ?? {};
    for (const [what, wanted] of Object.entries(then)) expected(what, wanted, seen(what, state, so, now));
  }
}

function done(state: PhoneState, phone: Json, heard: Map<number, [Request, Reply]>, now: number, so: Json): PhoneState {
  const [what, value] = Object.entries(phone)[0] as [string, Json];
  switch (what) {
    case 'ask': {
      const asked = ask(state, { at: now, seen: { title: 'a toy' }, ...value });
      if ('full' in asked) throw new Error(`expected ${value.u} to be kept, got full`);
      return asked.state;
    }
    case 'withdraw':
      return withdraw(state, value);
    case 'sign_in':
      return signedIn(state);
    case 'open':
      return opened(state);
    case 'slow':
      return { ...state, chunk: value, ratio: 1 };
    case 'forget':
      return { ...state, outbox: state.outbox.filter((each) => each.u !== value) };
    case 'lose_fact': {
      const [kind, id] = value;
      const ofKind = new Map(state.facts.get(kind));
      ofKind.delete(id);
      return { ...state, facts: new Map(state.facts).set(kind, ofKind) };
    }
    case 'hear_again': {
      const before = heard.get(value);
      if (!before) throw new Error(`expected a reply in step ${value}, got none`);
      const [request, reply] = before;
      Object.assign(so, receive(state, request, reply, now));
      return so.state;
    }
  }
  throw new Error(`expected something a phone does, got ${what}`);
}

function seen(what: string, state: PhoneState, so: Json, now: number): unknown {
  switch (what) {
    case 'waiting':
      return waiting(state).map((each) => each.u);
    case 'announced':
      return so.answered.map((each: Answer) => each.u);
    case 'answers':
      return Object.fromEntries(
        [...state.answers]
          .filter((each) => !each.put_away)
          .sort((one, other) => (one.u < other.u ? -1 : 1))
          .map(({ u, outcome }) => [u, [outcome.st, outcome.code].filter(Boolean).join(' ')]),
      );
    case 'facts':
      return bodies(state.facts);
    case 'ack':
      return state.ack;
    case 'status':
      return state.status;
    case 'composes':
      return compose(state, now) !== null;
    case 'library_clock':
      return libraryNow(state, now);
    default:
      return so[what];
  }
}

function bodies(facts: Facts): Json {
  return Object.fromEntries(
    [...facts].map(([kind, ofKind]) => [kind, Object.fromEntries([...ofKind].map(([id, { body }]) => [id, body]))]),
  );
}

/** An intent as dialogues write it: when the person tapped says nothing. */
function withoutTime(intent: Json): Json {
  const { at: _at, ...rest } = intent;
  return rest.op === WITHDRAW || rest.args ? rest : { ...rest, args: {} };
}

/** Intents with their places, where a dialogue leaves out those that follow from the intent before. */
function placed(intents: Json[]): Json[] {
  let last = 0;
  return intents.map((each) => ({ ...each, n: (last = each.n ?? last + 1) }));
}

/** The short names of a dialogue as they are on the wire. */
export function spelt(value: Json): Json {
  if (Array.isArray(value)) return value.map(spelt);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [spelt(key), spelt(each)]));
  }
  if (typeof value !== 'string') return value;
  const found = /^(?:u:(\d+)|d:(\d+)|t([+-]\d+)|(.)\*(\d+))$/u.exec(value);
  if (!found) return value;
  const [, u, d, t, unit, times] = found;
  if (u) return `01900000-0000-7000-8000-${Number(u).toString(16).padStart(12, '0')}`;
  if (d) return `d_${Number(d).toString(16).padStart(32, '0')}`;
  if (t) return START_MS + Number(t) * 1000;
  return (unit ?? '').repeat(Number(times));
}
