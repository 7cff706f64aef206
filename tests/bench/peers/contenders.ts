/** Who is measured: Carrel Sync and its peers, under one shape. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { converse } from '../../../pwa/app/account_line.ts';
import { ask, begin, broke, compose, receive, type PhoneState } from '../../../sync/phone/phone.ts';
import { randomBytes } from 'node:crypto';
import { identity } from '../../journeys/reader.ts';
import { ROOT } from '../../journeys/server.ts';

/** One thing that a reader writes offline. */
export interface Doc {
  id: string;
  kind: string;
  text: string;
  at: number;
}

export interface Device {
  /** Keep documents here, without a network. */
  write(docs: Doc[]): Promise<void>;
  /** Send all that waits and read all that is new. */
  sync(): Promise<void>;
  /** How many documents this device holds, sent and read. */
  count(): Promise<number>;
}

export interface Contender {
  name: string;
  /** A device that reaches the server at `origin`. */
  device(origin: string): Promise<Device>;
  stop(): Promise<void>;
}

const PYTHON = join(ROOT, '.venv', 'bin', 'python');

export async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await fetch(url).then(() => true, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody answers at ${url}`);
}

async function ended(run: ChildProcess): Promise<void> {
  if (run.exitCode !== null) return;
  await new Promise((resolve) => {
    run.once('exit', resolve);
    run.kill('SIGKILL');
  });
}

/** The phone's half with the app's own line, in a device that keeps its state in memory. */
export class Phone implements Device {
  state: PhoneState = begin(`d_${randomBytes(16).toString('hex')}`);
  /** How often a request was not answered. */
  cuts = 0;
  private readonly origin: string;
  readonly cookie: string;

  constructor(origin: string, cookie: string) {
    this.origin = origin;
    this.cookie = cookie;
  }

  write(docs: Doc[]): Promise<void> {
    for (const { id, ...args } of docs) {
      const kept = ask(this.state, { u: id, op: 'notes.keep@1', args, at: args.at, seen: {} });
      if ('full' in kept) throw new Error('the phone is full');
      this.state = kept.state;
    }
    return Promise.resolve();
  }

  async sync(): Promise<void> {
    for (let again = true; again; ) {
      const composed = compose(this.state, Date.now());
      if (!composed) throw new Error('the phone may not send');
      this.state = composed.state;
      const came = await converse((path, init) => fetch(this.origin + path, { ...init, headers: { ...init.headers, origin: this.origin, cookie: this.cookie } }), composed.request);
      if (came.kind === 'reply') ({ state: this.state, again } = receive(this.state, composed.request, came.reply, Date.now(), came.size));
      else {
        this.cuts += 1;
        // At once, where a reader's phone would wait a little: what is measured is the line, not the patience.
        this.state = broke(this.state, composed.request, came.failure, Date.now(), 0).state;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  count(): Promise<number> {
    return Promise.resolve(this.state.facts.get('notes')?.size ?? 0);
  }
}

export async function carrel(port: number): Promise<Contender & { phone(origin: string, patron: string): Promise<Phone> }> {
  const data = mkdtempSync(join(tmpdir(), 'carrel-bench-'));
  const run = spawn(PYTHON, [join(ROOT, 'tests/bench/peers/notes_library.py'), String(port), data], { cwd: ROOT, stdio: 'ignore' });
  const direct = `http://127.0.0.1:${port}`;
  await answers(`${direct}/session`);
  async function phone(origin: string, patron: string): Promise<Phone> {
    const reply = await fetch(`${direct}/session/demo`, { method: 'POST', headers: { 'content-type': 'application/json', origin: direct }, body: JSON.stringify({ patron }) });
    if (!reply.ok) throw new Error(`expected to be signed in, got ${reply.status}: ${await reply.text()}`);
    return new Phone(origin, (reply.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '');
  }
  return {
    name: 'carrel',
    phone,
    device: (origin) => phone(origin, 'p_1'),
    async stop() {
      await ended(run);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A peer, in a process of its own where its packages lie. */
export async function peer(name: string, port: number, folder: string, kinto: string): Promise<Contender> {
  const run = spawn(process.execPath, ['others.mjs'], { cwd: folder, env: { ...process.env, KINTO: kinto }, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: run.stdout })[Symbol.asyncIterator]();
  async function tell<T>(command: string, more: object = {}): Promise<T> {
    run.stdin.write(`${JSON.stringify({ command, ...more })}\n`);
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended`);
      if (!String(value).startsWith('{"')) continue; // talk of its own
      const said = JSON.parse(String(value)) as { told?: T; broken?: string };
      if (said.broken !== undefined) throw new Error(`${name}: ${said.broken}`);
      return said.told as T;
    }
  }
  await tell('start', { name, port });
  return {
    name,
    async device(origin) {
      const device = await tell<number>('device', { origin });
      return { write: (docs) => tell('write', { device, docs }), sync: () => tell('sync', { device }), count: () => tell('count', { device }) };
    },
    async stop() {
      await tell('stop');
      await ended(run);
    },
  };
}

export function docs(count: number, roll: () => number): Doc[] {
  const hex = (): string => Math.floor(roll() * 0xffffffff).toString(16);
  return Array.from({ length: count }, (_, i) => ({ id: identity(), kind: i % 3 ? 'renewal' : 'booking', text: `loan ${hex()} at shelf ${hex()}, due 2027-0${1 + Math.floor(roll() * 9)}-1${Math.floor(roll() * 9)}`, at: Date.now() + i * 1_000 }));
}
