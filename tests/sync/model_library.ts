/** A library small enough to be believed at a glance: what the phone's half is tried against by chance. */

import { checksum } from '../../sync/phone/facts.ts';
import type { Intent, Outcome, Problem, Reply, Request } from '../../sync/phone/phone.ts';

interface Memory {
  epoch: string;
  upto: number;
  /** By place: whose fate, and what it was. */
  places: Map<number, { u: string; outcome: Outcome }>;
  known: Map<string, Outcome>;
  /** How often each identity took effect. */
  effects: Map<string, number>;
  facts: { seq: number; id: string; version: number; gone: boolean }[];
  seq: number;
}

function whose(memory: Memory, ack: number): string {
  const places = [...memory.places].filter(([n]) => n > ack).map(([n, { u }]) => [u, { version: n, body: {} }] as const);
  return places.length ? checksum(new Map([['place', new Map(places)]])) : '';
}

/** Decides by the first letter of the argument `how`: d(one), r(efused), c(hanged). */
export class ModelLibrary {
  memory: Memory = {
    epoch: 'e1',
    upto: 0,
    places: new Map(),
    known: new Map(),
    effects: new Map(),
    facts: [],
    seq: 0,
  };
  private saved: Memory = structuredClone(this.memory);

  backup(): void {
    this.saved = structuredClone(this.memory);
  }

  restore(): void {
    const epoch = `e${Number(this.memory.epoch.slice(1)) + 1}`;
    this.memory = { ...structuredClone(this.saved), epoch };
  }

  answer(request: Request, now: number): Reply | Problem {
    const memory = this.memory;
    if (request.epoch && request.epoch !== memory.epoch) {
      return { type: '', title: '', status: 409, code: 'epoch', epoch: memory.epoch, upto: memory.upto };
    }
    const sent = new Map<number, string>();
    let gap: number | null = null;
    for (const intent of (request.intents ?? []) as Intent[]) {
      if (intent.n <= memory.upto) {
        sent.set(intent.n, intent.u);
        continue;
      }
      if (intent.n > memory.upto + 1) {
        gap = memory.upto + 1;
        break;
      }
      memory.upto = intent.n;
      const outcome = memory.known.get(intent.u) ?? this.decide(intent);
      memory.known.set(intent.u, outcome);
      memory.places.set(intent.n, { u: intent.u, outcome });
    }
    const outcomes: Outcome[] = [];
    for (const [n, { u, outcome }] of memory.places) {
      if (n <= (request.ack ?? 0)) continue;
      const other = sent.has(n) && sent.get(n) !== u;
      outcomes.push({ ...outcome, n, ...(other ? { u } : {}) });
    }
    const after = request.cur?.startsWith(memory.epoch) ? Number(request.cur.slice(memory.epoch.length + 1)) : 0;
    const news = memory.facts.filter((each) => each.seq > after).sort((one, other) => one.seq - other.seq);
    const page = news.slice(0, 2);
    const more = news.length > page.length;
    const held = new Map(memory.facts.filter((each) => !each.gone).map((each) => [each.id, { ...each, body: {} }]));
    return {
      v: 1,
      now,
      epoch: memory.epoch,
      upto: memory.upto,
      outcomes,
      rows: page.filter((each) => !each.gone).map((each) => ['toys', each.id, each.version, { id: each.id }]),
      gone: page.filter((each) => each.gone).map((each) => ['toys', each.id, each.version]),
      ...(request.intents?.length ? {} : { whose: whose(memory, request.ack ?? 0) }),
      cur: `${memory.epoch}.${page.at(-1)?.seq ?? (after || 0)}`,
      more,
      reset: !request.cur?.startsWith(memory.epoch),
      sum: more ? '' : checksum(new Map([['toys', held]])),
      gap,
    };
  }

  private decide(intent: Intent): Outcome {
    if (intent.op === 'sync.withdraw@1') return { n: 0, st: 'withdrawn' };
    const { how, id } = intent.args as { how: string; id: string };
    if (how === 'r') return { n: 0, st: 'refused', code: 'taken' };
    const { memory } = this;
    memory.effects.set(intent.u, (memory.effects.get(intent.u) ?? 0) + 1);
    const fact = memory.facts.find((each) => each.id === id);
    memory.seq += 1;
    if (fact) Object.assign(fact, { seq: memory.seq, version: fact.version + 1, gone: how === 'g' });
    else memory.facts.push({ seq: memory.seq, id, version: 1, gone: how === 'g' });
    return how === 'c' ? { n: 0, st: 'changed', code: 'other', said: { id } } : { n: 0, st: 'done' };
  }
}
