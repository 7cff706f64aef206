/** What the phone's half promises beyond the dialogues: bounds, states, and that chance cannot break it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applied, bytes, checksum, type Facts } from '../../sync/phone/facts.ts';
import { maySend, moves, type Event, type Status } from '../../sync/phone/moves.ts';
import {
  BACKOFF_MOST_MS,
  CEILING_MS,
  CHUNK_LEAST,
  CHUNK_SAFE,
  CHUNK_SLOW,
  CHUNK_START,
  CHUNK_TELLING,
  RATIO_START,
  JOURNAL_MS,
  ask,
  asReply,
  begin as justSignedIn,
  broke,
  compose,
  opened,
  putAway,
  receive,
  signedIn,
  waiting,
  withdraw,
  written,
  type Asking,
  type Composed,
  type Failure,
  type PhoneState,
  type Reply,
  type Request,
} from '../../sync/phone/phone.ts';
import { ModelLibrary } from './model_library.ts';

const NOW = 1_801_472_400_000;
const DEV = `d_${'0'.repeat(31)}1`;

/** A phone that has heard the library's epoch, and nothing else yet. */
function begin(dev: string): PhoneState {
  return { ...justSignedIn(dev), epoch: 'e1' };
}

function identity(number: number): string {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

function wish(number: number, args: object = { how: 'd', id: 'ball' }): Asking {
  return { u: identity(number), op: 'toys.take@1', args, at: NOW, seen: { title: 'Ball' } };
}

function asked(state: PhoneState, ...wishes: Asking[]): PhoneState {
  return wishes.reduce((before, each) => {
    const after = ask(before, each);
    if ('full' in after) throw new Error('expected room, got full');
    return after.state;
  }, state);
}

function composed(state: PhoneState, now = NOW): Composed {
  const made = compose(state, now);
  if (!made) throw new Error(`expected a request, got none in ${state.status}`);
  return made;
}

function plain(more: Partial<Reply> = {}): Reply {
  return { v: 1, now: NOW, epoch: 'e1', upto: 0, cur: 'c', ...more };
}

function status(code: number, problem = ''): Failure {
  return { kind: 'status', status: code, problem: { type: '', title: '', status: code, code: problem } };
}

describe('short ids', () => {
  const request = (...numbers: number[]) => composed(asked(begin(DEV), ...numbers.map((each) => wish(each))));

  it('are spelt out by the request that the reply is to, though the wishes have moved since', () => {
    const { state, request: asking } = request(5, 6);
    const reply = plain({ upto: 2, done: [[1, 2]], rows: [['toys', '#2', 1, {}], ['toys', 'ball', 1, {}]], reset: true });
    const moved = { ...state, outbox: state.outbox.map((each) => ({ ...each, n: each.n + 7 })) };
    expect([...(receive(moved, asking, reply, NOW).state.facts.get('toys')?.keys() ?? [])]).toEqual([identity(6), 'ball']);
  });

  it('go on from place to place in each list of its own', () => {
    const { state, request: asking } = request(5, 6, 7, 8);
    const rows: Reply['rows'] = [['toys', '#2', 1, {}], ['toys', 'ball', 1, {}], ['toys', '#', 1, {}], ['toys', '#1', 1, {}]];
    const held = receive(state, asking, plain({ upto: 4, done: [[1, 4]], rows, gone: [['toys', '#2', 1], ['toys', '#', 2]], reset: true }), NOW);
    expect([...(held.state.facts.get('toys')?.keys() ?? [])]).toEqual(['ball', identity(5)]);
  });

  it('that name no place of the request leave facts and cursor as they were', () => {
    const { state, request: asking } = request(5);
    for (const id of ['#2', '#0', '#', '#x', '#01']) {
      for (const list of [{ rows: [['toys', id, 1, {}]] as Reply['rows'] }, { gone: [['toys', id, 2]] as Reply['gone'] }]) {
        const after = receive(state, asking, plain({ upto: 1, done: [[1, 1]], ...list } as Partial<Reply>), NOW);
        expect([after.state.facts, after.state.cur, after.changed]).toEqual([state.facts, state.cur, false]);
        expect(after.answered.map((each) => each.u)).toEqual([identity(5)]);
      }
    }
  });
});

describe('on the line', () => {
  it('a place is left out where it follows from the intent before, and only there', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }), (places) => {
        const request = { ...composed(begin(DEV)).request, intents: places.map((n, i) => ({ n, u: identity(i), op: 'toys.take@1', args: {}, at: NOW })) };
        const line = JSON.parse(written(request)) as Request;
        let last = 0;
        const again = (line.intents as { n?: number }[]).map((each) => ({ ...each, n: (last = each.n ?? last + 1) }));
        expect({ ...line, intents: again }).toEqual(request);
        expect((line.intents as object[]).filter((each) => 'n' in each).length).toBe(
          places.filter((n, i) => i === 0 || n !== (places[i - 1] as number) + 1).length,
        );
      }),
    );
  });
});

describe('states', () => {
  const statuses: Status[] = ['idle', 'sending', 'backing_off', 'sign_in', 'update', 'closed'];
  const events: Event[] = [
    'opened', 'asked', 'withdrew', 'sent', 'replied', 'cut', 'busy', 'unreadable', 'restored', 'unknown', 'outdated',
    'ended', 'signed_in',
  ];

  it('every state knows what to do with every event, and nothing else is in the table', () => {
    expect(Object.keys(moves).sort()).toEqual([...statuses].sort());
    for (const each of statuses) expect(Object.keys(moves[each]).sort()).toEqual([...events].sort());
  });

  it('the table is the one that protocol.md prints', async () => {
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(new URL('../../sync/protocol.md', import.meta.url), 'utf8');
    const section = text.slice(text.indexOf('## 10'), text.indexOf('## 11'));
    const rows = [...section.matchAll(/^\| ([a-z_, ]+) \| ([a-z_]+) \| ([a-z_]+) \| ([a-z_]+) \| ([a-z_]+) \| ([a-z_]+) \| ([a-z_]+) \|$/gm)];
    const printed = rows
      .filter(([, name]) => name !== 'event')
      .flatMap(([, names = '', ...to]) => names.split(', ').map((name) => [name, to] as const));
    expect(printed.map(([name]) => name).sort()).toEqual([...events].sort());
    for (const [name, to] of printed) expect(statuses.map((each) => moves[each][name as Event])).toEqual(to);
  });

  it('from every state but closed there is a way back to sending', () => {
    const reaches = (from: Status, seen = new Set<Status>()): boolean => {
      if (maySend[from]) return true;
      if (seen.has(from)) return false;
      seen.add(from);
      return events.some((event) => reaches(moves[from][event], seen));
    };
    for (const each of statuses) expect(reaches(each)).toBe(each !== 'closed');
  });

  it('a phone that has to sign in is not woken by a late failure, but by a reply', () => {
    let state = begin(DEV);
    const { request } = composed(state);
    state = broke(state, request, status(401, 'auth'), NOW, 0.5).state;
    expect(opened(state).status).toBe('sign_in');
    expect(broke(state, request, { kind: 'cut' }, NOW, 0.5).state.status).toBe('sign_in');
    expect(receive(state, request, plain(), NOW).state.status).toBe('idle');
    expect(signedIn(state).status).toBe('idle');
  });

  it('a phone that was closed takes in nothing any more', () => {
    const { request } = composed(begin(DEV));
    const { state, tell } = broke(begin(DEV), request, status(410, 'device-closed'), NOW, 0.5);
    expect(tell).toBe('closed');
    expect(receive(state, request, plain({ rows: [['toys', 'ball', 1, {}]] }), NOW).state).toBe(state);
    expect(compose(state, NOW)).toBeNull();
  });
});

describe('asking', () => {
  it('refuses, keeping nothing, when 2,000 wishes or 5 MB wait or one alone is too long', () => {
    const state = asked(begin(DEV), wish(1), wish(2));
    expect(ask(state, wish(3), { intents: 2, bytes: 1e9 })).toEqual({ full: true });
    expect(ask(state, wish(3), { intents: 9, bytes: 600 })).toEqual({ full: true });
    expect(ask(state, wish(3, { text: 'é'.repeat(4_096) }))).toEqual({ full: true });
    expect(ask(state, wish(3, { text: 'e'.repeat(4_096) }))).not.toEqual({ full: true });
    expect(state.outbox).toHaveLength(2);
  });

  it('the same wish twice is one', () => {
    const state = asked(begin(DEV), wish(1), wish(1));
    expect(state.outbox).toHaveLength(1);
    expect(state.next).toBe(2);
  });

  it('what the person saw is kept with the answer', () => {
    const { state, request } = composed(asked(begin(DEV), wish(1)));
    const { answered } = receive(state, request, plain({ upto: 1, done: [[1, 1]] }), NOW);
    expect(answered[0]).toMatchObject({ u: identity(1), seen: { title: 'Ball' }, put_away: false, answered_at: NOW });
  });
});

describe('sending', () => {
  it('a phone that knows no epoch sends no wish, hears the epoch and sends them at once', () => {
    const { state, request } = composed(asked(justSignedIn(DEV), wish(1)));
    expect(request.intents).toBeUndefined();
    const heard = receive(state, request, plain(), NOW);
    expect(heard.again).toBe(true);
    expect(composed(heard.state).request).toMatchObject({ epoch: 'e1', intents: [{ n: 1, u: identity(1) }] });
  });

  it('500 wishes go in one request on a good line', () => {
    let state = begin(DEV);
    for (let n = 1; n <= 500; n++) {
      state = asked(state, {
        ...wish(n, { room: 'court-2-14', starts_at: NOW, ends_at: NOW, party: 3, access: ['step_free'] }),
        op: 'bookings.book@1',
        until: NOW,
        base: { [`bookings:${identity(n)}`]: 1 },
      });
    }
    const { request } = composed(state);
    expect(request.intents).toHaveLength(500);
    expect(request.max).toBe(256 * 1024);
  });

  it('a small request says nothing about the ratio', () => {
    const { request } = composed(begin(DEV));
    const { state } = receive(begin(DEV), request, plain(), NOW, { plain: 200, compressed: 180 });
    expect(state.ratio).toBe(begin(DEV).ratio);
  });

  it('the ratio that was measured decides how much goes', () => {
    let state = asked(begin(DEV), ...Array.from({ length: 400 }, (_, i) => wish(i + 1, { text: 'x'.repeat(300) })));
    expect(composed(state).request.intents?.length).toBeGreaterThan(200);
    const { request } = composed(begin(DEV));
    state = { ...receive(state, request, plain(), NOW, { plain: 10_000, compressed: 9_000 }).state, chunk: 8_192 };
    expect(state.ratio).toBe(0.9);
    expect(composed(state).request.intents?.length).toBeLessThan(30);
  });

  it('what one chunk cannot hold still goes, one wish at a time', () => {
    const state = { ...asked(begin(DEV), wish(1, { text: 'x'.repeat(4_000) }), wish(2)), chunk: CHUNK_LEAST, ratio: 1 };
    expect(composed(state).request.intents).toHaveLength(1);
  });

  it('a request never goes beyond 512 KB, however well it is compressed', () => {
    let state = begin(DEV);
    for (let n = 1; n <= 100; n++) state = asked(state, wish(n, { text: 'x'.repeat(7_900) }));
    const { request } = composed({ ...state, ratio: 0.02, chunk: 65_536 });
    expect(bytes(JSON.stringify(request))).toBeLessThanOrEqual(512 * 1024);
    expect(request.intents?.length).toBeGreaterThan(50);
  });

  const many = (state: PhoneState, count = 500): PhoneState => {
    for (let n = 1; n <= count; n++) state = asked(state, wish(n, { text: 'x'.repeat(300) }));
    return state;
  };
  const cut = (state: PhoneState, now = NOW): PhoneState => broke(state, composed(state).request, { kind: 'cut' }, now, 0.5).state;
  /** A reply to a request, when nothing of what it carried is answered: the same goes again. */
  const passed = (state: PhoneState, now = NOW): PhoneState => receive(state, { ...composed(state).request, now }, { ...plain(), upto: 0 }, now).state;

  it('chunks get smaller when the line is cut, to a least size, and double when it holds, to a most', () => {
    let state = begin(DEV);
    for (let i = 0; i < 20; i++) state = cut(state);
    expect(state.chunk).toBe(CHUNK_LEAST);
    expect(composed(state).request.max).toBe(8 * 1024);
    const later = NOW + CEILING_MS;
    for (let i = 0; i < 20; i++) state = passed(state, later);
    expect(state.chunk).toBe(64 * 1024);
    expect(CHUNK_START).toBe(48 * 1024);
  });

  it('the first cut brings a chunk down to what almost any line carries, others make it smaller by what it carried', () => {
    const once = { ...cut(many(begin(DEV))), unsure: 0 };
    expect(once.chunk).toBe(CHUNK_SAFE);
    const carried = bytes(JSON.stringify(composed(once).request.intents)) * RATIO_START;
    const twice = cut({ ...once, chunk: 20_000 });
    expect(twice.chunk).toBe(CHUNK_SAFE);
    expect(carried).toBeLessThanOrEqual(CHUNK_SAFE);
    expect(cut({ ...once, failures: 0 }).chunk).toBe(CHUNK_SAFE * 0.75);
    expect(cut(once).chunk).toBe(CHUNK_SAFE / 2);
  });

  it('a small request that is cut says little about the line', () => {
    const state = cut(asked({ ...begin(DEV), chunk: 6_000 }, wish(1)));
    expect(state.chunk).toBe(4_500);
    expect(cut(asked(begin(DEV), wish(1))).ceiling?.bytes).toBe(CHUNK_TELLING);
  });

  it('an answer with nothing in it does not prove that a size gets through', () => {
    const state = passed(begin(DEV));
    expect(state.passed).toBeLessThan(CHUNK_LEAST);
    expect(cut(many(state)).chunk).toBe(CHUNK_SAFE);
  });

  it('a page of facts that came proves its size', () => {
    const { request, state } = composed(begin(DEV));
    const rows = Array.from({ length: 400 }, (_, i): [string, string, number, Record<string, unknown>] => ['toys', `toy-${i}`, 1, { text: 'x'.repeat(200) }]);
    expect(receive(state, request, { ...plain(), more: true, rows }, NOW).state.passed).toBeGreaterThan(10_000);
  });

  it('after a cut a chunk does not grow before as much has passed as failed, and then not near that', () => {
    let state = cut(many(begin(DEV)));
    const failed = state.ceiling?.bytes ?? 0;
    for (let sum = state.chunk; sum < failed; sum += CHUNK_SAFE) {
      expect(state.chunk).toBe(CHUNK_SAFE);
      state = passed(state);
    }
    for (let i = 0; i < 9; i++) state = passed(state);
    expect(state.chunk).toBe(Math.floor(failed * 0.75));
  });

  it('a line that is cut again and again before that is never tried with more', () => {
    let state = cut(many(begin(DEV)));
    for (let i = 0; i < 30; i++) {
      state = passed(passed(state));
      expect(state.chunk).toBe(CHUNK_SAFE);
      state = cut(state);
    }
  });

  it('what failed is forgotten after a while, or when the clock is put back', () => {
    for (const now of [NOW + CEILING_MS, NOW - 1]) {
      let state = cut(many(begin(DEV)));
      for (let i = 0; i < 9; i++) state = passed(state, now);
      expect(state.chunk).toBe(64 * 1024);
    }
  });

  it('after a cut the answer may be as heavy as its request, and no heavier', () => {
    expect(composed(cut(many(begin(DEV)))).request.max).toBe(CHUNK_SAFE * 5);
  });

  it('on a slow line a request is small until as much has passed', () => {
    const slow = (took_ms: number): number => {
      const state = receive(begin(DEV), { ...composed(begin(DEV)).request, now: NOW - took_ms }, plain(), NOW).state;
      return bytes(JSON.stringify(composed(many(state)).request.intents)) * RATIO_START;
    };
    expect(slow(400)).toBeGreaterThan(CHUNK_SLOW);
    expect(slow(4_000)).toBeLessThanOrEqual(CHUNK_SLOW);
    expect(slow(-4_000)).toBeGreaterThan(CHUNK_SLOW);
    expect(composed({ ...many(begin(DEV)), took_ms: 4_000, carried: 20_000 }).request.max).toBe(160_000);
  });

  it('a size that has just passed is tried once more before it is halved', () => {
    const state = passed({ ...many(begin(DEV), 200), chunk: 20_000 });
    const once = cut({ ...state, chunk: 20_000 });
    expect(once.chunk).toBe(20_000);
    expect(cut({ ...once, unsure: 0 }).chunk).toBe(CHUNK_SAFE);
  });

  describe('after a cut that a request may have outlived', () => {
    const sent = { ...many(begin(DEV), 60), took_ms: 1_000 };
    const { request, state } = composed(sent);
    const unsure = broke(state, request, { kind: 'cut' }, NOW + 900, 0.5).state;
    const asks = composed(unsure);
    const decided = (count: number, whose: string): Reply => ({ ...plain(), upto: count, done: [[1, count]], whose });
    const identities = (count: number): string =>
      checksum(new Map([['place', new Map(sent.outbox.slice(0, count).map(({ n, u }) => [u, { version: n, body: {} }]))]]));

    it('the phone asks what became of it, and sends nothing again meanwhile', () => {
      expect(asks.request.intents).toBeUndefined();
      expect(asks.sending).toEqual([]);
      expect(composed(opened(unsure)).request.intents).toBeUndefined();
    });

    it('what is said of the very wishes that it sent answers them', () => {
      const heard = receive(asks.state, asks.request, decided(40, identities(40)), NOW);
      expect(heard.answered).toHaveLength(40);
      expect(heard.state.outbox).toHaveLength(20);
      expect(heard.state.ack).toBe(40);
      expect(heard.again).toBe(true);
      expect(composed(heard.state).request.intents?.[0]).toMatchObject({ n: 41 });
    });

    it('what is said of others answers nothing, and all goes again', () => {
      for (const whose of [identities(39), '']) {
        const heard = receive(asks.state, asks.request, decided(40, whose), NOW);
        expect(heard.answered).toEqual([]);
        expect(heard.state.outbox).toHaveLength(60);
        expect(heard.again).toBe(true);
        expect(composed(heard.state).request.intents?.[0]).toMatchObject({ n: 1 });
      }
    });

    it('asking is cut by its answer, if by a size: so it asks for less each time, and goes on asking', () => {
      let state = unsure;
      for (let i = 0; i < 20; i++) {
        const again = composed(state);
        expect(again.request.intents).toBeUndefined();
        state = broke(again.state, again.request, { kind: 'cut' }, NOW + 1_000, 0.5).state;
        expect(composed(state).request.max).toBeLessThanOrEqual(Math.max(8 * 1024, (again.request.max ?? 0) * 0.76));
      }
      expect(composed(state).request.max).toBe(8 * 1024);
    });

    it('a small request, or one that was cut too soon to have arrived, just goes again', () => {
      expect(composed(broke(state, request, { kind: 'cut' }, NOW + 100, 0.5).state).request.intents).toBeDefined();
      const few = composed({ ...many(begin(DEV), 2), took_ms: 1_000 });
      expect(composed(broke(few.state, few.request, { kind: 'cut' }, NOW + 900, 0.5).state).request.intents).toBeDefined();
    });

    it('a size that had arrived is worth another try', () => {
      const heard = receive(asks.state, asks.request, decided(40, identities(40)), NOW + 2_000);
      expect(heard.state.chunk).toBe(Math.floor(unsure.unsure));
    });
  });

  it('a state that an earlier version kept is opened as one that knows nothing of the line', () => {
    const { ceiling: _, passed: __, carried: ___, took_ms: ____, unsure: _____, ...before } = begin(DEV);
    expect(opened(before as PhoneState)).toMatchObject({ ceiling: null, passed: 0, carried: 0, took_ms: 0, unsure: 0 });
  });
});

describe('failing', () => {
  it('waits longer each time, never under 1 s nor over 5 min, and never all phones alike', () => {
    let state = begin(DEV);
    const { request } = composed(state);
    const longest: number[] = [];
    for (let i = 0; i < 12; i++) {
      expect(broke(state, request, { kind: 'cut' }, NOW, 0).wait_ms).toBe(1_000);
      const { wait_ms, state: next } = broke(state, request, { kind: 'cut' }, NOW, 0.999_999);
      longest.push(wait_ms ?? 0);
      state = next;
    }
    expect(longest).toEqual([...longest].sort((one, other) => one - other));
    expect(longest[0]).toBeLessThan(2_001);
    expect(longest.at(-1)).toBeLessThanOrEqual(BACKOFF_MOST_MS);
    expect(longest.at(-1)).toBeGreaterThan(BACKOFF_MOST_MS - 1_000);
    expect(receive(state, request, plain(), NOW).state.failures).toBe(0);
  });

  it('no failure of any kind removes a wish, shortens the queue or changes an identity', () => {
    const failures = fc.oneof(
      fc.constant<Failure>({ kind: 'cut' }),
      fc
        .tuple(
          fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom(400, 401, 403, 404, 409, 410, 413, 426, 429, 503)),
          fc.constantFrom('', 'malformed', 'device', 'devices', 'epoch', 'anything'),
          fc.constantFrom('', 'e1', 'e2'),
          fc.nat(5),
        )
        .map(([code, problem, epoch, upto]): Failure => ({
          kind: 'status',
          status: code,
          problem: problem ? { type: '', title: '', status: code, code: problem, epoch, upto } : null,
        })),
    );
    fc.assert(
      fc.property(fc.array(failures, { maxLength: 12 }), fc.nat(4), (all, count) => {
        let state = asked({ ...begin(DEV), epoch: 'e1' }, ...Array.from({ length: count + 1 }, (_, i) => wish(i + 1)));
        const before = state.outbox.map((each) => each.u);
        for (const failure of all) {
          const made = compose(state, NOW);
          const request = made ? made.request : composed(begin(DEV)).request;
          if (made) state = made.state;
          const broken = broke(state, request, failure, NOW, 0.3);
          expect(broken.wait_ms === null || broken.wait_ms >= 0).toBe(true);
          state = broken.state;
          state = { ...state, status: state.status === 'closed' ? 'idle' : state.status };
        }
        const after = [...state.outbox, ...state.answers].map((each) => each.u);
        expect([...new Set(after)].sort()).toEqual(before.sort());
        const places = state.outbox.map((each) => each.n);
        expect(places).toEqual(places.map((_, i) => (places[0] ?? 0) + i));
        expect(state.next).toBe((places.at(-1) ?? state.next - 1) + 1);
      }),
      { numRuns: 500 },
    );
  });

  it('another café answers for the library: that is no reply', () => {
    for (const told of ['<html>', null, 7, [], {}, { v: 1 }, { ...plain(), v: 2 }, { ...plain(), rows: {} }]) {
      expect(asReply(told)).toBeNull();
    }
    expect(asReply(plain())).toEqual(plain());
  });

  it('a late reply says nothing of a wish that has been moved to another place since', () => {
    const first = composed(asked({ ...begin(DEV), epoch: 'e1' }, wish(1), wish(2)));
    const forgotten = { ...first.state, outbox: first.state.outbox.filter(({ u }) => u !== identity(1)) };
    const second = composed(forgotten);
    const moved = receive(second.state, second.request, { ...plain(), upto: 0, gap: 1 }, NOW).state;
    expect(moved.outbox.map(({ n, u }) => [n, u])).toEqual([[1, identity(2)]]);
    const late = receive(moved, first.request, { ...plain(), upto: 2, done: [[1, 1]], outcomes: [{ n: 2, st: 'refused', code: 'taken' }] }, NOW);
    expect(late.answered).toEqual([]);
    expect(waiting(late.state).map(({ u }) => u)).toEqual([identity(2)]);
  });

  it('a wish given up as unreadable, but decided before, is told as the library has it', () => {
    const first = composed(asked({ ...begin(DEV), epoch: 'e1' }, wish(1)));
    const second = composed(withdraw(first.state, identity(1)));
    const gone = broke(second.state, second.request, status(400, 'malformed'), NOW, 0.5);
    expect(gone.answered.map(({ outcome }) => outcome.code)).toEqual(['unreadable']);
    const late = receive(gone.state, first.request, { ...plain(), upto: 1, done: [[1, 1]] }, NOW);
    expect(late.answered.map(({ u, outcome }) => [u, outcome.st])).toEqual([[identity(1), 'done']]);
    expect(late.state.answers.map(({ u, outcome }) => [u, outcome.st])).toEqual([[identity(1), 'done']]);
    expect(late.state.ack).toBe(1);
    expect(receive(late.state, first.request, { ...plain(), upto: 1, done: [[1, 1]] }, NOW).answered).toEqual([]);
  });

  it('asks for a whole number of bytes, however slow the line and whatever passed on it', () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 9_000 }), fc.boolean()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.05, max: 1, noNaN: true }), (exchanges, ratio) => {
        let state: PhoneState = { ...begin(DEV), ratio };
        let number = 0;
        let now = NOW;
        for (const [wishes, took, lost] of exchanges) {
          state = asked(state, ...Array.from({ length: wishes }, () => wish((number += 1))));
          const { request, state: sent } = composed(state, now);
          expect(Number.isInteger(request.max)).toBe(true);
          now += took;
          const carried = (request.intents ?? []) as { n: number }[];
          const [first, last] = [carried[0]?.n ?? 0, carried.at(-1)?.n ?? 0];
          state = lost
            ? broke(sent, request, { kind: 'cut' }, now, 0.5).state
            : receive(sent, request, plain({ upto: last, now, ...(carried.length ? { done: [[first, last]] } : {}) }), now).state;
        }
      }),
    );
  });

  it('a gateway that gives up waiting counts as a slow line', () => {
    const { request, state } = composed(asked(begin(DEV), wish(1)));
    expect(state.outbox[0]?.tries).toBe(1);
    expect(broke(state, request, status(504), NOW, 0.5).state.chunk).toBe(CHUNK_SAFE);
    expect(broke(state, request, status(503), NOW, 0.5).state.chunk).toBe(CHUNK_START);
  });

  it('403 for too many devices waits; 403 for another reader asks to sign in', () => {
    const { request, state } = composed(begin(DEV));
    expect(broke(state, request, status(403, 'devices'), NOW, 0.5)).toMatchObject({ tell: 'later' });
    expect(broke(state, request, status(403, 'device'), NOW, 0.5)).toMatchObject({ tell: 'sign-in', wait_ms: null });
  });

  it('a failure of a request from before a new sign-in says nothing about this one', () => {
    const { request } = composed(begin(DEV.replace('1', '2')));
    const state = asked(begin(DEV), wish(1));
    for (const failure of [status(410, 'device-closed'), status(401, 'auth'), status(426, 'upgrade'), status(400), { kind: 'cut' as const }]) {
      expect(broke(state, request, failure, NOW, 0.5)).toMatchObject({ state, tell: 'later', answered: [] });
    }
  });

  it('a request without wishes that cannot be read forgets its cursor and nothing else', () => {
    const { request, state } = composed({ ...begin(DEV), cur: 'damaged' });
    expect(broke(state, request, status(400, 'malformed'), NOW, 0.5).state.cur).toBe('');
  });
});

describe('hearing', () => {
  it('a reply to a request from before contributes outcomes only', () => {
    const first = composed(asked(begin(DEV), wish(1)));
    let state = receive(first.state, composed(begin(DEV)).request, plain({ cur: 'c9' }), NOW).state;
    const late = plain({ upto: 1, done: [[1, 1]], rows: [['toys', 'old', 1, {}]], cur: 'c1', reset: true });
    state = { ...state, epoch: '' };
    const heard = receive(state, first.request, late, NOW);
    expect(heard.answered).toHaveLength(1);
    expect(heard.state.facts.size).toBe(0);
    expect(heard.state.cur).toBe('c9');
  });

  it('an outcome for a wish that was not in the request is not believed yet', () => {
    const state = asked(begin(DEV), wish(1));
    const { request } = composed(begin(DEV));
    const heard = receive(state, request, plain({ upto: 1, done: [[1, 1]] }), NOW);
    expect(waiting(heard.state)).toHaveLength(1);
    expect(heard.state.ack).toBe(0);
  });

  it('a wish asked while a request was on its way stays, and goes next', () => {
    const { state, request } = composed(asked(begin(DEV), wish(1)));
    const heard = receive(asked(state, wish(2)), request, plain({ upto: 1, done: [[1, 1]] }), NOW);
    expect(heard.state.outbox.map((each) => each.u)).toEqual([identity(2)]);
    expect(heard.again).toBe(true);
  });

  it('an answer put away stays hidden and leaves the journal after 30 days', () => {
    const { state, request } = composed(asked(begin(DEV), wish(1)));
    let next = putAway(receive(state, request, plain({ upto: 1, done: [[1, 1]] }), NOW).state, identity(1));
    next = receive(next, composed(next).request, plain({ upto: 1, now: NOW + JOURNAL_MS - 1 }), NOW).state;
    expect(next.answers).toMatchObject([{ put_away: true }]);
    next = receive(next, composed(next).request, plain({ upto: 1, now: NOW + JOURNAL_MS }), NOW).state;
    expect(next.answers).toEqual([]);
  });

  it('an answer that may still change is kept however old it is', () => {
    const { state, request } = composed(asked(begin(DEV), wish(1)));
    const reply = plain({ upto: 1, outcomes: [{ n: 1, st: 'received', code: 'waiting' }] });
    let next = putAway(receive(state, request, reply, NOW).state, identity(1));
    const later = { now: NOW + 2 * JOURNAL_MS };
    next = receive(next, composed(next).request, { ...reply, ...later }, NOW).state;
    const heard = receive(next, composed(next).request, plain({ upto: 1, done: [[1, 1]], ...later }), NOW);
    expect(heard.answered).toMatchObject([{ u: identity(1), put_away: false, outcome: { st: 'done' } }]);
  });

  it('a reply for another sign-in is not taken in', () => {
    const { state } = composed(asked(begin(DEV), wish(1)));
    const { request } = composed(asked(begin(DEV.replace('1', '2')), wish(1)));
    expect(receive(state, request, plain({ upto: 1, done: [[1, 1]] }), NOW).state).toBe(state);
  });

  it('facts that differ even when read anew are not read anew at once again', () => {
    const wrong = (reset: boolean) => plain({ rows: [['toys', 'ball', 1, {}]], sum: 'ffffffff', reset, cur: 'c1' });
    const first = composed(begin(DEV));
    const once = receive(first.state, first.request, wrong(true), NOW);
    expect(once).toMatchObject({ again: true, state: { cur: '' } });
    const second = composed(once.state);
    expect(second.request.cur).toBe('');
    const twice = receive(second.state, second.request, wrong(true), NOW);
    expect(twice.again).toBe(false);
    const third = composed(twice.state);
    expect(receive(third.state, third.request, wrong(true), NOW).again).toBe(false);
  });

  it('an answer nobody has put away stays for good', () => {
    const { state, request } = composed(asked(begin(DEV), wish(1)));
    let next = receive(state, request, plain({ upto: 1, done: [[1, 1]] }), NOW).state;
    next = receive(next, composed(next).request, plain({ upto: 1, now: NOW + 2 * JOURNAL_MS }), NOW).state;
    expect(next.answers).toHaveLength(1);
  });

  it('what was told before the library was put back is told again only if it is different now', () => {
    const start = composed(asked(begin(DEV), wish(1), wish(2)));
    let state = receive(start.state, start.request, plain({ upto: 2, done: [[1, 2]] }), NOW).state;
    state = putAway(state, identity(1));
    const second = composed(state);
    const restored: Failure = {
      kind: 'status',
      status: 409,
      problem: { type: '', title: '', status: 409, code: 'epoch', epoch: 'e2', upto: 0 },
    };
    const broken = broke(second.state, second.request, restored, NOW, 0.5);
    expect(broken).toMatchObject({ tell: 'resent', resent: 2, wait_ms: 0 });
    const twice = broke(broken.state, composed(broken.state).request, restored, NOW, 0.5);
    expect(twice).toMatchObject({ tell: 'later', resent: 0 });
    expect(twice.wait_ms).toBeGreaterThan(0);
    const late = receive(broken.state, second.request, plain({ epoch: 'e1', upto: 9, done: [[1, 9]] }), NOW);
    expect(late.state).toBe(broken.state);
    const third = composed(broken.state);
    const reply = plain({ epoch: 'e2', upto: 2, done: [[1, 1]], outcomes: [{ n: 2, st: 'refused', code: 'taken' }] });
    const heard = receive(third.state, third.request, reply, NOW);
    expect(heard.answered.map((each) => each.u)).toEqual([identity(2)]);
    expect(heard.state.answers.find((each) => each.u === identity(1))?.put_away).toBe(true);
    const same = receive(third.state, third.request, plain({ epoch: 'e2', upto: 2, done: [[1, 2]] }), NOW);
    expect(same.answered).toEqual([]);
    expect(same.state.answers.map((each) => each.put_away)).toEqual([true, false]);
  });

  it('what was told done, then resent and set aside as unreadable, is told again when the library has done it after all', () => {
    const start = composed(asked(begin(DEV), wish(1)));
    const done = receive(start.state, start.request, plain({ upto: 1, done: [[1, 1]] }), NOW).state;
    const second = composed(done);
    const restored: Failure = { kind: 'status', status: 409, problem: { type: '', title: '', status: 409, code: 'epoch', epoch: 'e2', upto: 0 } };
    const again = composed(broke(second.state, second.request, restored, NOW, 0.5).state);
    const aside = broke(again.state, again.request, status(400, 'malformed'), NOW, 0.5);
    expect(aside.answered.map(({ outcome }) => outcome.code)).toEqual(['unreadable']);
    const third = composed(aside.state);
    const heard = receive(third.state, third.request, plain({ epoch: 'e2', upto: 1, done: [[1, 1]] }), NOW);
    expect(heard.answered).toMatchObject([{ u: identity(1), put_away: false, outcome: { st: 'done' } }]);
  });

  it('the library\'s clock is taken from the middle of the round trip', () => {
    const { state, request } = composed(begin(DEV), 1_000);
    expect(receive(state, request, plain({ now: 50_000 }), 3_000).state.offset).toBe(48_000);
  });
});

describe('facts', () => {
  it('the checksum is the library\'s', () => {
    const facts: Facts = new Map([
      ['toys', new Map([['ball', { version: 1, body: {} }]])],
      ['loans', new Map([['é€😀', { version: 12, body: {} }]])],
    ]);
    // carrel_sync.messages.checksum([("toys", "ball", 1), ("loans", "é€😀", 12)])
    expect(checksum(facts)).toBe('568f34b6');
    expect(checksum(new Map())).toBe('00000000');
  });

  it('what was handed out is never changed', () => {
    const before: Facts = new Map([['toys', new Map([['ball', { version: 1, body: {} }]])]]);
    const after = applied(before, { rows: [['toys', 'kite', 1, {}]], gone: [['toys', 'ball', 2]] });
    expect([...(before.get('toys')?.keys() ?? [])]).toEqual(['ball']);
    expect([...(after.get('toys')?.keys() ?? [])]).toEqual(['kite']);
    expect(applied(before, {})).toBe(before);
  });
});

/** A long run is `CARREL_RUNS=1000000`. */
const RUNS = Number(process.env['CARREL_RUNS'] ?? 3_000);

describe('by chance', () => {
  type Step =
    | { do: 'ask'; how: string; id: string }
    | { do: 'withdraw'; which: number }
    | { do: 'exchange'; lose: 'nothing' | 'request' | 'reply'; twice: boolean; late: boolean }
    | { do: 'restart' | 'backup' | 'restore' | 'phone_backup' | 'phone_restore' | 'forget' | 'drop_fact' };
  const steps = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('ask' as const), how: fc.constantFrom('d', 'r', 'c', 'g'), id: fc.constantFrom('ball', 'kite', 'top', 'whale') }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), which: fc.nat(5) }) },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('exchange' as const),
          lose: fc.constantFrom('nothing' as const, 'request' as const, 'reply' as const),
          twice: fc.boolean(),
          late: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'backup' as const, 'restore' as const, 'phone_backup' as const, 'phone_restore' as const, 'forget' as const, 'drop_fact' as const) }) },
    ),
    { maxLength: 40 },
  );

  function run(all: Step[], once = false): void {
    const library = new ModelLibrary();
    // Every other phone takes its wishes to be heavy: then it asks what became of them before it sends them again.
    let state: PhoneState = { ...justSignedIn(DEV), ratio: all.length % 2 ? 20 : RATIO_START };
    let saved = structuredClone(state);
    let minted = 0;
    let clock = NOW;
    /** Requests that may reach the library a second time, replies that may reach the phone later. */
    const requests: Request[] = [];
    const replies: [Request, Reply][] = [];
    const answered = new Map<string, number>();
    /** Identities of wishes that this phone has not been made to forget: each is owed an answer. */
    let owed = new Set<string>();
    let restores = 0;

    const hear = (request: Request, reply: Reply) => {
      const heard = receive(state, request, reply, clock);
      state = heard.state;
      for (const each of heard.answered) answered.set(each.u, (answered.get(each.u) ?? 0) + 1);
      return heard.again;
    };
    const exchange = (lose: 'nothing' | 'request' | 'reply', twice: boolean, late: boolean): boolean => {
      clock += 1_000;
      const made = compose(state, clock);
      if (!made) throw new Error(`expected a request, got none in ${state.status}`);
      state = made.state;
      const { request } = made;
      requests.push(request);
      if (lose === 'request') {
        state = broke(state, request, { kind: 'cut' }, clock, 0.5).state;
        return true;
      }
      let answer = library.answer(request, clock);
      if (twice) answer = library.answer(requests[minted % requests.length] ?? request, clock) && library.answer(request, clock);
      if ('status' in answer) {
        state = broke(state, request, { kind: 'status', status: answer.status, problem: answer }, NOW, 0.5).state;
        return true;
      }
      if (late) replies.push([request, answer]);
      if (lose === 'reply') {
        state = broke(state, request, { kind: 'cut' }, clock, 0.5).state;
        return true;
      }
      let again = hear(request, answer);
      if (twice) again = hear(request, answer) || again;
      return again;
    };

    for (const step of all) {
      if (step.do === 'ask') {
        minted += 1;
        state = asked(state, wish(minted, { how: step.how, id: step.id }));
        owed.add(identity(minted));
      } else if (step.do === 'withdraw') {
        const some = state.outbox[step.which];
        if (some) state = withdraw(state, some.u);
      } else if (step.do === 'exchange') {
        exchange(step.lose, step.twice, step.late);
        const [old] = step.late ? [] : replies.splice(0, 1);
        if (old) hear(...old);
      } else if (step.do === 'restart') {
        state = opened(structuredClone(state));
      } else if (step.do === 'backup') {
        library.backup();
      } else if (step.do === 'restore') {
        library.restore();
        restores += 1;
      } else if (step.do === 'phone_backup') {
        saved = structuredClone(state);
      } else if (step.do === 'phone_restore') {
        state = opened(structuredClone(saved));
        owed = new Set([...state.outbox, ...state.answers].map((each) => each.u));
      } else if (step.do === 'forget') {
        const [first, ...rest] = state.outbox;
        if (first) owed.delete(first.u);
        state = { ...state, outbox: rest };
      } else if (step.do === 'drop_fact') {
        state = { ...state, facts: new Map() };
      }
    }
    let rounds = 0;
    while (exchange('nothing', false, false) || state.outbox.length) {
      if (++rounds > 60) throw new Error(`expected an empty queue, got ${JSON.stringify(state.outbox)}`);
    }
    exchange('nothing', false, false);

    // Nothing lost: every wish that the phone did not forget has an answer of its own.
    const told = new Map(state.answers.map((each) => [each.u, each]));
    for (const u of owed) {
      const answer = told.get(u);
      expect(answer, `${u} has no answer`).toBeDefined();
      if (answer && answer.n > 0 && restores === 0) expect(answer.outcome.st).toBe(library.memory.known.get(u)?.st);
    }
    // Nothing doubled.
    for (const [u, times] of library.memory.effects) expect(times, u).toBe(1);
    if (once) {
      const told = state.answers.filter((each) => !each.put_away).map((each) => [each.u, 1]);
      expect(Object.fromEntries(answered)).toEqual(Object.fromEntries(told));
    }
    // Nothing wrong: the phone holds what the library holds.
    const held = library.memory.facts.filter((each) => !each.gone).map((each) => [each.id, each.version]);
    const shown = [...(state.facts.get('toys') ?? new Map())].map(([id, { version }]) => [id, version]);
    expect(shown.sort()).toEqual(held.sort());
    expect(state.shadow).toBeNull();
    expect(state.ack).toBe(library.memory.upto);
    expect(state.next).toBeGreaterThan(library.memory.upto);
  }

  it('loss, repetition, delay, restarts and restores never lose, double or wedge a wish', () => {
    fc.assert(fc.property(steps, (all) => run(all)), { numRuns: RUNS });
  }, 3_600_000);

  it('each wish is announced once where nobody was put back to an earlier day', () => {
    fc.assert(
      fc.property(
        steps.map((all) => all.filter((each) => !['restore', 'phone_restore', 'forget'].includes(each.do))),
        (all) => run(all, true),
      ),
      { numRuns: RUNS },
    );
  }, 3_600_000);
});
