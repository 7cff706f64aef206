/**
 * A bad link between a client and a server of this machine, the same for everyone: round trips, a rate, losses,
 * and connections that are cut. It counts what passes, and what each message would weigh if all were compressed alike.
 *
 * Bytes travel as TCP would carry them: segments of 1,448 bytes, a window that begins with ten of them and grows by one
 * with each acknowledgement, a round trip before the first byte of a connection, another for each lost segment, and
 * nothing delivered out of order. Congestion is not modelled: a loss does not make the window smaller.
 */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';

export interface Badness {
  rtt_ms: number;
  /** From 0 to 1, for each segment and direction. */
  loss: number;
  bits_per_second: number;
  /** A connection ends after so many bytes in both directions; 0: never. */
  cut_bytes: number;
  /** A connection ends after so many milliseconds; 0: never. */
  life_ms: number;
}

export const GOOD: Badness = { rtt_ms: 0, loss: 0, bits_per_second: 0, cut_bytes: 0, life_ms: 0 };
const SEGMENT_BYTES = 1_448;
const FIRST_WINDOW = 10;
/** What a connection sends before it hears from the other side. */
export const AT_ONCE_BYTES = FIRST_WINDOW * SEGMENT_BYTES;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One direction of one connection. */
class Pipe {
  private readonly acknowledged: number[] = [];
  private delivered_at = 0;
  private chain: Promise<void> = Promise.resolve();
  private readonly from_ms: number;
  private readonly link: Link;
  private readonly rate: { free_at: number };

  constructor(link: Link, rate: { free_at: number }) {
    this.link = link;
    this.rate = rate;
    this.from_ms = performance.now() + link.badness.rtt_ms;
  }

  /** When the last byte of this data arrives, by `performance.now()`. */
  private travels(bytes: number): number {
    const { rtt_ms, loss, bits_per_second } = this.link.badness;
    for (let left = bytes; left > 0; left -= SEGMENT_BYTES) {
      const size = Math.min(left, SEGMENT_BYTES);
      const place = this.acknowledged.length;
      const window = place < FIRST_WINDOW ? 0 : (this.acknowledged[Math.floor((place - FIRST_WINDOW) / 2)] ?? 0);
      let sent = Math.max(performance.now(), this.from_ms, window, this.rate.free_at);
      if (bits_per_second) sent += (size * 8_000) / bits_per_second;
      let lost = 0;
      while (this.link.roll() < loss) lost += 1;
      if (bits_per_second) this.rate.free_at = sent + (lost * size * 8_000) / bits_per_second;
      this.delivered_at = Math.max(this.delivered_at, sent + rtt_ms / 2 + lost * rtt_ms);
      this.acknowledged.push(this.delivered_at + rtt_ms / 2);
    }
    return this.delivered_at;
  }

  carry(data: Buffer, into: Socket): void {
    const at = this.travels(data.length);
    this.chain = this.chain.then(
      () =>
        new Promise<void>((resolve) => {
          const wait = at - performance.now();
          const go = (): void => {
            if (!into.destroyed) into.write(data);
            resolve();
          };
          if (wait > 0.5) setTimeout(go, wait);
          else go();
        }),
    );
  }

  /** Once everything up to here has arrived. */
  after(what: () => void): void {
    this.chain = this.chain.then(what);
  }
}

const REQUEST = /^(GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH) \//;
const BEGINS = /^((GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH) \/|HTTP\/1\.1 )/;

/** The size of one HTTP message whose body is compressed with gzip, or would be. */
function weight(message: Buffer): number {
  const split = message.indexOf('\r\n\r\n') + 4;
  const head = message.subarray(0, split).toString('latin1').toLowerCase();
  let body = message.subarray(split);
  if (/transfer-encoding: chunked/.test(head)) body = unchunked(body);
  if (/content-encoding: gzip/.test(head)) body = gunzipSync(body);
  else if (/content-encoding: (?!identity)/.test(head)) return message.length;
  if (!body.length) return message.length;
  return split + Math.min(gzipSync(body).length, body.length);
}

function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const size = line < 0 ? 0 : Number.parseInt(body.toString('latin1', at, line), 16);
    if (!size) break;
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
  return Buffer.concat(parts);
}

export class Link {
  badness: Badness;
  readonly port: number;
  up_bytes = 0;
  down_bytes = 0;
  connections = 0;
  cuts = 0;
  /** Every HTTP message that passed, in the pieces it came in. */
  readonly messages: Buffer[][] = [];
  readonly roll: () => number;
  private readonly behind: number;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly up = { free_at: 0 };
  private readonly down = { free_at: 0 };

  constructor(port: number, behind: number, badness: Badness = GOOD, seed = 1) {
    this.port = port;
    this.behind = behind;
    this.badness = badness;
    this.roll = dice(seed);
    this.server = createServer((client) => this.join(client));
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, '127.0.0.1', () => resolve());
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** Forget what has been counted. */
  reset(): void {
    this.up_bytes = this.down_bytes = this.connections = this.cuts = 0;
    this.messages.length = 0;
  }

  /** How many requests passed, and what they and their answers weigh with every body compressed with gzip, heads as they are. */
  weighed(): { requests: number; alike_bytes: number } {
    const sum = this.messages.reduce((all, each) => all + weight(Buffer.concat(each)), 0);
    return { requests: this.messages.filter((each) => REQUEST.test(each[0]?.toString('latin1', 0, 16) ?? '')).length, alike_bytes: sum };
  }

  private join(client: Socket): void {
    this.connections += 1;
    const server = connect(this.behind, '127.0.0.1');
    const [up, down] = [new Pipe(this, this.up), new Pipe(this, this.down)];
    let passed = 0;
    let asked: Buffer[] = [];
    let told: Buffer[] = [];
    const { cut_bytes, life_ms } = this.badness;
    const cut = (): void => {
      if (client.destroyed) return;
      this.cuts += 1;
      client.destroy();
      server.destroy();
    };
    const life = life_ms ? setTimeout(cut, life_ms) : null;
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        if (life) clearTimeout(life);
      });
    }
    const pass = (data: Buffer, pipe: Pipe, into: Socket, way: 'up_bytes' | 'down_bytes'): void => {
      const whole = cut_bytes && passed + data.length > cut_bytes ? data.subarray(0, Math.max(cut_bytes - passed, 0)) : data;
      passed += data.length;
      if (BEGINS.test(data.toString('latin1', 0, 16))) {
        const message: Buffer[] = [];
        this.messages.push(message);
        if (way === 'up_bytes') asked = message;
        else told = message;
      }
      (way === 'up_bytes' ? asked : told).push(data);
      this[way] += whole.length;
      if (whole.length) pipe.carry(whole, into);
      if (whole.length < data.length) pipe.after(cut);
    };
    client.on('data', (data: Buffer) => pass(data, up, server, 'up_bytes'));
    server.on('data', (data: Buffer) => pass(data, down, client, 'down_bytes'));
    client.on('end', () => up.after(() => server.end()));
    server.on('end', () => down.after(() => client.end()));
    client.on('close', () => server.destroy());
    server.on('close', () => down.after(() => client.destroy()));
  }
}
