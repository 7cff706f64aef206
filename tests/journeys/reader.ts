/** Another reader, who speaks Carrel Sync straight over HTTP: to take a room first, or to see what really stands. */
import { randomBytes } from 'node:crypto';

export interface Row {
  kind: string;
  id: string;
  version: number;
  body: Record<string, unknown>;
}

interface Outcome {
  n: number;
  st: string;
  code?: string;
  alt?: { op: string; args: Record<string, unknown> }[];
}

interface Reply {
  epoch: string;
  upto: number;
  cur: string;
  more?: boolean;
  done?: [number, number][];
  outcomes?: Outcome[];
  rows?: [string, string, number, Record<string, unknown>][];
  gone?: [string, string, number][];
}

export interface Room {
  id: string;
  name: string;
  kind: string;
  seats: [number, number];
  free: [number, number][];
  rules: { slot_minutes: number; least_minutes: number; most_minutes: number };
}

/** A UUIDv7 of this moment. */
export function identity(): string {
  const bytes = Buffer.concat([Buffer.alloc(6), randomBytes(10)]);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export class Reader {
  private readonly origin: string;
  private cookie = '';
  private readonly dev = `d_${randomBytes(16).toString('hex')}`;
  private epoch = '';
  private cur = '';
  private upto = 0;
  readonly facts = new Map<string, Row>();

  constructor(origin: string) {
    this.origin = origin;
  }

  /** The names of the made-up readers, in the order in which they are offered. */
  static async everyone(origin: string): Promise<string[]> {
    return ((await (await fetch(`${origin}/session/demo`)).json()) as { name: string }[]).map((each) => each.name);
  }

  /** Signs in as a demo patron: the one with that name, or the first whose id is not among `besides`. */
  async signIn(besides: string[] = [], name?: string): Promise<string> {
    const patrons = (await (await fetch(`${this.origin}/session/demo`)).json()) as { id: string; name: string }[];
    const patron = patrons.find((each) => (name === undefined ? !besides.includes(each.id) : each.name === name));
    if (!patron) throw new Error('there is no other demo patron');
    const reply = await fetch(`${this.origin}/session/demo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.origin },
      body: JSON.stringify({ patron: patron.id }),
    });
    if (!reply.ok) throw new Error(`expected to be signed in, got ${reply.status}: ${await reply.text()}`);
    this.cookie = (reply.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    await this.push([]);
    return patron.id;
  }

  /** Sends intents and reads everything there is to read; the outcome of each intent, in order. */
  async push(intents: { op: string; args: object; u?: string }[]): Promise<Outcome[]> {
    const first = this.upto + 1;
    const wishes = intents.map((intent, place) => ({
      n: first + place,
      u: intent.u ?? identity(),
      op: intent.op,
      at: Date.now(),
      args: intent.args,
    }));
    const outcomes = new Map<number, Outcome>();
    let sending = wishes;
    for (let more = true; more; sending = []) {
      const reply = await this.converse(sending);
      for (const [from, to] of reply.done ?? []) for (let n = from; n <= to; n += 1) outcomes.set(n, { n, st: 'done' });
      for (const outcome of reply.outcomes ?? []) outcomes.set(outcome.n, outcome);
      for (const [kind, id, version, body] of reply.rows ?? []) this.facts.set(`${kind}:${id}`, { kind, id, version, body });
      for (const [kind, id] of reply.gone ?? []) this.facts.delete(`${kind}:${id}`);
      more = reply.more ?? false;
    }
    return wishes.map((wish) => outcomes.get(wish.n) ?? { n: wish.n, st: 'unanswered' });
  }

  /** The cookie of this reader's session. */
  session(): string {
    return this.cookie;
  }

  kept(kind: string): Row[] {
    return [...this.facts.values()].filter((row) => row.kind === kind);
  }

  async rooms(site: string): Promise<Room[]> {
    const reply = await fetch(`${this.origin}/pub/1/rooms/${site}`);
    return ((await reply.json()) as { rooms: Room[] }).rooms;
  }

  async sites(): Promise<string[]> {
    const reply = await fetch(`${this.origin}/pub/1/library`);
    return ((await reply.json()) as { sites: { id: string }[] }).sites.map((site) => site.id);
  }

  private async converse(intents: object[]): Promise<Reply> {
    const reply = await fetch(`${this.origin}/sync/1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: this.cookie, origin: this.origin },
      body: JSON.stringify({ v: 1, dev: this.dev, epoch: this.epoch, ack: this.upto, now: Date.now(), cur: this.cur, max: 65_536, intents }),
    });
    if (!reply.ok) throw new Error(`expected an answer, got ${reply.status}: ${await reply.text()}`);
    const told = (await reply.json()) as Reply;
    this.epoch = told.epoch;
    this.cur = told.cur;
    this.upto = told.upto;
    return told;
  }
}
