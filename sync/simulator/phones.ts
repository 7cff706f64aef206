/** Many phones in one process, each the real phone's half: told what happens by lines of JSON, says what it is then. */

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Answer, PhoneState, Request } from '../phone/phone.ts';

/** The folder with `phone.ts` is an argument, so that a phone with a planted fault can be tried too. */
const { ask, asReply, begin, broke, compose, libraryNow, opened, putAway, receive, signedIn, withdraw, written } = (await import(
  pathToFileURL(process.argv[2] ?? '').href
)) as typeof import('../phone/phone.ts');

interface Held {
  state: PhoneState;
  backup: PhoneState | null;
  requests: Map<number, Request>;
  told: PhoneState | null;
}

/** Whatever the other side writes; it is ours too. */
type Json = any;

const phones = new Map<number, Held>();

function happen(phone: Held, verb: string, given: Json[]): Json {
  const { state } = phone;
  switch (verb) {
    case 'look':
      return null;
    case 'ask': {
      const [asking, now, lasts] = given;
      const clock = libraryNow(state, now);
      const until = lasts === null || clock === null ? null : clock + lasts;
      const asked = ask(state, { ...asking, at: now, until, seen: { title: 'a toy' } });
      if ('full' in asked) return { full: true };
      phone.state = asked.state;
      return { until };
    }
    case 'withdraw':
      phone.state = withdraw(state, given[0]);
      return null;
    case 'put_away':
      phone.state = putAway(state, given[0]);
      return null;
    case 'open':
      phone.state = opened(state);
      return null;
    case 'sign_in':
      phone.state = signedIn(state);
      return null;
    case 'tear':
      phone.state = { ...state, outbox: state.outbox.filter((each) => each.u !== given[0]) };
      return null;
    case 'narrow':
      phone.state = { ...state, chunk: given[0], ratio: 1 };
      return null;
    case 'save':
      phone.backup = state;
      return null;
    case 'put_back':
      phone.state = opened(structuredClone(phone.backup ?? state));
      return null;
    case 'compose': {
      const [id, now] = given;
      const composed = compose(state, now);
      if (!composed) return null;
      phone.state = composed.state;
      phone.requests.set(id, composed.request);
      return { request: composed.request, line: written(composed.request) };
    }
    case 'hear': {
      const [id, status, told, now] = given;
      const request = phone.requests.get(id);
      if (!request) throw new Error(`expected a request ${id}, got none`);
      const reply = status === 200 ? asReply(told) : null;
      const so: Json = reply
        ? receive(state, request, reply, now)
        : broke(state, request, status ? { kind: 'status', status, problem: told } : { kind: 'cut' }, now, 0.5);
      phone.state = so.state;
      return { answered: so.answered.map(fate), again: so.again ?? false, wait: so.wait_ms };
    }
  }
  throw new Error(`expected something that happens to a phone, got ${verb}`);
}

const fate = ({ u, outcome: { st, code, said }, n, put_away, answered_at, withdrawn }: Answer): Json => [
  u,
  st,
  code ?? '',
  said ?? {},
  n,
  put_away,
  answered_at,
  withdrawn,
];

/** What of a phone can be seen from outside: lists only where they have changed since the last time. */
function seen(phone: Held): Json {
  const { state, told } = phone;
  const { status, dev, epoch, ack, next, cur, offset, heard_at, mismatches, shadow, unsure } = state;
  const view: Json = { status, dev, epoch, ack, next, cur, offset, heard_at, mismatches, anew: shadow !== null, unsure: unsure > 0 };
  if (told?.outbox !== state.outbox) view.outbox = state.outbox.map((each) => [each.n, each.u, each.withdrawn]);
  if (told?.answers !== state.answers) view.answers = state.answers.map(fate);
  if (told?.facts !== state.facts) {
    view.facts = [...state.facts].flatMap(([kind, of]) => [...of].map(([id, { version, body }]) => [kind, id, version, body]));
  }
  phone.told = state;
  return view;
}

function answer([key, verb, ...given]: Json): Json {
  try {
    if (verb === 'forget') return phones.delete(key);
    if (verb === 'begin') {
      // What is under way outlives a sign-in.
      const requests = phones.get(key)?.requests ?? new Map();
      // Every other phone takes its wishes to be heavy: then it asks what became of them before it sends them again.
      const heavy = Number.parseInt(String(given[0]).slice(-1), 16) % 2 ? { ratio: 20 } : {};
      phones.set(key, { state: { ...begin(given[0]), ...heavy }, backup: null, requests, told: null });
    }
    const phone = phones.get(key);
    if (!phone) throw new Error(`expected a phone ${key}, got none`);
    return [seenAfter(phone, verb, given), null];
  } catch (fault) {
    return [null, String(fault)];
  }
}

function seenAfter(phone: Held, verb: string, given: Json[]): Json {
  const so = verb === 'begin' ? null : happen(phone, verb, given);
  return [seen(phone), so];
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify((JSON.parse(line) as Json[]).map(answer))}\n`);
}
