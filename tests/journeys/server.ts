/**
 * A real library to travel with: `carrel demo` in a process of its own, on a copy of furnished data,
 * behind a wire that counts, and can be cut. Nothing here looks inside the server.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const ROOT = join(import.meta.dirname, '..', '..');
export const CARREL = join(ROOT, '.venv', 'bin', 'carrel');

/** Process groups that must not outlive this process, whatever happens. */
const alive = new Set<number>();
const folders = new Set<string>();

function endAll(): void {
  for (const group of alive) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    endAll();
    process.exit(1);
  });
}

/** A folder that is removed when this process ends. */
export function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `carrel-${name}-`));
  folders.add(folder);
  return folder;
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  folders.delete(folder);
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Runs a `carrel` command to its end and returns what it printed; throws with it when the code is not expected. */
export function carrel(args: string[], expected = 0): string {
  const ended = spawnSync(CARREL, args, { cwd: ROOT, encoding: 'utf8', timeout: 120_000 });
  const said = `${ended.stdout}${ended.stderr}`;
  if (ended.status !== expected) throw new Error(`carrel ${args.join(' ')} ended with ${ended.status}:\n${said}`);
  return said;
}

/** The process that answers, started and stopped at will on the same data and port. */
export class Library {
  readonly data: string;
  readonly port: number;
  private process: ChildProcess | null = null;
  private said = '';

  constructor(data: string, port: number) {
    this.data = data;
    this.port = port;
  }

  async start(): Promise<void> {
    if (this.process) throw new Error('the library is open already');
    this.said = '';
    const child = spawn(CARREL, ['demo', '--data', this.data, '--port', String(this.port)], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    if (child.pid) alive.add(child.pid);
    const keep = (text: Buffer): void => {
      this.said = (this.said + text.toString()).slice(-20_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const deadline = Date.now() + 120_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`carrel demo ended with ${child.exitCode}:\n${this.said}`);
      try {
        const reply = await fetch(`http://127.0.0.1:${this.port}/session`, { signal: AbortSignal.timeout(2_000) });
        if (reply.ok) return;
      } catch {
        // not listening yet
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`carrel demo did not answer within two minutes:\n${this.said}`);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.process;
    if (!child?.pid) return;
    this.process = null;
    const group = child.pid;
    const ended = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
    const send = (what: NodeJS.Signals): void => {
      try {
        process.kill(-group, what);
      } catch {
        // it has ended by itself
      }
    };
    send(signal);
    const late = setTimeout(() => send('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
    send('SIGKILL');
    alive.delete(group);
  }

  /** Started, and not stopped or killed since. */
  open(): boolean {
    return this.process !== null;
  }

  /** What the server printed, the last 20,000 characters. */
  log(): string {
    return this.said;
  }
}

export interface Exchange {
  method: string;
  path: string;
  status: number;
  /** Bytes of head and body as they passed. */
  up_bytes: number;
  down_bytes: number;
  /** The request's body, inflated. */
  body: string;
}

type Fault = (exchange: { method: string; path: string }, when: 'asked' | 'answered') => Promise<boolean> | boolean;

/** Stands between browser and library: counts what passes; closed, nobody is listening at the port at all. */
export class Wire {
  readonly port: number;
  readonly exchanges: Exchange[] = [];
  /** Streams of events that are open through this wire just now. */
  streams = 0;
  /** When it returns true the browser's connection is destroyed at that moment. */
  fault: Fault | null = null;
  /** Changes the body of an answer on its way, so that answers can be seen which rules give seldom. */
  rewrite: ((path: string, body: string) => string) | null = null;
  /** Changes the bytes of an answer as they pass, compressed as they are. */
  spoil: ((path: string, body: Buffer) => Buffer) | null = null;
  /** Every request is answered with this status instead of being passed on. */
  refuse: number | null = null;
  private readonly behind: number;
  private server: http.Server | null = null;
  private readonly sockets = new Set<net.Socket>();
  private readonly agent = new http.Agent({ keepAlive: false });

  constructor(port: number, behind: number) {
    this.port = port;
    this.behind = behind;
  }

  async open(): Promise<void> {
    const server = http.createServer((request, reply) => void this.pass(request, reply));
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = null;
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  posts(path: string): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.method === 'POST' && exchange.path === path);
  }

  /** What is to be rewritten must come whole: uncompressed, and not as something the browser has already. */
  private asked(headers: http.IncomingHttpHeaders): http.IncomingHttpHeaders {
    if (!this.rewrite) return headers;
    const { 'if-none-match': _known, ...others } = headers;
    return { ...others, 'accept-encoding': 'identity' };
  }

  private async pass(request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // the browser went away while it was asking
    }
    const body = Buffer.concat(chunks);
    const method = request.method ?? 'GET';
    const path = request.url ?? '/';
    if (this.fault && (await this.fault({ method, path }, 'asked'))) {
      reply.socket?.destroy();
      return;
    }
    if (this.refuse !== null) {
      reply.writeHead(this.refuse, { 'content-type': 'application/problem+json', 'retry-after': '2' });
      reply.end(JSON.stringify({ type: 'about:blank', title: 'The library is closed for a moment.', status: this.refuse, code: 'unavailable' }));
      return;
    }
    const onward = http.request(
      { host: '127.0.0.1', port: this.behind, method, path, headers: this.asked(request.headers), agent: this.agent },
      (answer) => void this.answer(request, body, answer, reply),
    );
    onward.on('error', () => reply.socket?.destroy());
    onward.end(body);
  }

  private async answer(
    request: http.IncomingMessage,
    body: Buffer,
    answer: http.IncomingMessage,
    reply: http.ServerResponse,
  ): Promise<void> {
    const method = request.method ?? 'GET';
    const path = request.url ?? '/';
    if (answer.headers['content-type'] === 'text/event-stream') {
      this.stream(answer, reply);
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer) chunks.push(chunk as Buffer);
    } catch {
      reply.socket?.destroy();
      return;
    }
    if (this.fault && (await this.fault({ method, path }, 'answered'))) {
      reply.socket?.destroy();
      return;
    }
    let whole: Buffer = Buffer.concat(chunks);
    if (this.rewrite && answer.statusCode === 200) whole = Buffer.from(this.rewrite(path, whole.toString('utf8')), 'utf8');
    if (this.spoil) whole = this.spoil(path, whole);
    const gzipped = request.headers['content-encoding'] === 'gzip';
    this.exchanges.push({
      method,
      path,
      status: answer.statusCode ?? 0,
      up_bytes: body.length + head(request.rawHeaders) + `${method} ${path} HTTP/1.1\r\n\r\n`.length,
      down_bytes: whole.length + head(answer.rawHeaders) + 'HTTP/1.1 200 OK\r\n\r\n'.length,
      body: (gzipped ? gunzipSync(body) : body).toString('utf8'),
    });
    const headers = { ...answer.headers };
    delete headers['transfer-encoding'];
    delete headers.connection;
    if (this.rewrite ?? this.spoil) headers['content-length'] = String(whole.length);
    reply.writeHead(answer.statusCode ?? 502, headers);
    reply.end(method === 'HEAD' ? undefined : whole);
  }

  /** An answer without an end is passed on as it comes. */
  private stream(answer: http.IncomingMessage, reply: http.ServerResponse): void {
    this.streams += 1;
    reply.writeHead(answer.statusCode ?? 502, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    reply.once('close', () => {
      this.streams -= 1;
      answer.destroy();
    });
    answer.on('error', () => reply.socket?.destroy());
    answer.pipe(reply);
  }
}

function head(raw: string[]): number {
  return raw.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 0);
}

/** A furnished library with its wire: `origin` is what the browser opens. */
export class House {
  readonly library: Library;
  readonly wire: Wire;
  readonly data: string;
  readonly origin: string;

  private constructor(data: string, behind: number, front: number) {
    this.data = data;
    this.library = new Library(data, behind);
    this.wire = new Wire(front, behind);
    this.origin = `http://127.0.0.1:${front}`;
  }

  /** Opens a house on a copy of `furnished`, or on an empty folder that `carrel demo` furnishes itself. */
  static async open(furnished: string | undefined = process.env['CARREL_FURNISHED']): Promise<House> {
    const data = temporary('data');
    if (furnished && existsSync(furnished)) cpSync(furnished, data, { recursive: true });
    const house = new House(data, await freePort(), await freePort());
    await house.arrive();
    return house;
  }

  /** The library answers again. */
  async arrive(): Promise<void> {
    await this.library.start();
    await this.wire.open();
  }

  /** The server is stopped; at its port nobody listens. */
  async leave(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.wire.close();
    await this.library.stop(signal);
  }

  async close(): Promise<void> {
    await this.leave('SIGKILL');
    remove(this.data);
  }
}
