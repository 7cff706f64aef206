/**
 * Carrel Sync beside PouchDB, Kinto, RxDB and Replicache: the same 500 documents, written offline, through the same link.
 *
 * Good link: requests and bytes, as shipped and with every body compressed alike (gzip). Bad link (300 ms there and
 * back, 1 % loss, 1 Mbit/s): time until all is sent, until a second device holds all, and the bytes of asking for
 * nothing new. The peers' servers keep what comes; Carrel's decides each, keeps it on the disk and answers with its
 * outcome and its fact.
 */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { asReply, compose, receive } from '../../sync/phone/phone.ts';
import { freePort, ROOT } from '../journeys/server.ts';
import { carrel, docs, peer, Phone, type Contender } from './peers/contenders.ts';
import { AT_ONCE_BYTES, dice, GOOD, Link } from './peers/link.ts';

const DOCS = 500;
const BAD = { ...GOOD, rtt_ms: 300, loss: 0.01, bits_per_second: 1_000_000 };
const PEERS = ['pouchdb', 'kinto', 'rxdb', 'replicache'];

const brought = spawnSync(join(ROOT, '.venv/bin/python'), [join(ROOT, 'tests/bench/peers/bring.py')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const place = brought.status === 0 ? (JSON.parse(brought.stdout) as { folder: string; kinto: string }) : null;
if (!place) console.log('the peers could not be installed: only Carrel is measured');

interface Measured {
  requests: number;
  bytes: number;
  alike_bytes: number;
  nothing_new_bytes: number;
  /** The same over HTTP/2, as browsers speak it to a site with TLS: heads that were sent before weigh little. */
  nothing_new_h2_bytes: number;
  drain_ms: number;
  second_ms: number;
  second_down_bytes: number;
}

const starts: Record<string, (port: number) => Promise<Contender>> = { carrel };
for (const name of PEERS) if (place && (name !== 'kinto' || place.kinto)) starts[name] = (port) => peer(name, port, place.folder, place.kinto);

/** What asking for nothing new weighs on a connection that has asked before; frames and heads included, TLS not. */
async function overHttp2(phone: Phone, link: Link): Promise<number> {
  const session = connect(`http://127.0.0.1:${link.port}`);
  const once = async (): Promise<void> => {
    const composed = compose(phone.state, Date.now());
    if (!composed) throw new Error('the phone may not send');
    const stream = session.request({
      ':method': 'POST', ':path': '/sync/1', 'content-type': 'application/json', origin: `http://127.0.0.1:${link.port}`, cookie: phone.cookie,
      'accept-encoding': 'gzip, deflate, br, zstd', 'accept-language': 'en-GB,en;q=0.9', 'user-agent': 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
      'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'cache-control': 'no-cache', pragma: 'no-cache', accept: '*/*',
    });
    stream.end(JSON.stringify(composed.request));
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    const reply = asReply(JSON.parse(Buffer.concat(parts).toString()));
    if (!reply) throw new Error('expected a reply over HTTP/2');
    phone.state = receive(composed.state, composed.request, reply, Date.now(), { plain: 0, compressed: 0 }).state;
  };
  await once();
  link.reset();
  await once();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const bytes = link.up_bytes + link.down_bytes;
  session.close();
  return bytes;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function measured(name: string): Promise<Measured> {
  const port = await freePort();
  const contender = await (starts[name] as (port: number) => Promise<Contender>)(port);
  const told: Partial<Measured> = {};
  for (const badness of [GOOD, BAD]) {
    const link = new Link(await freePort(), port, badness, 7);
    await link.open();
    const origin = `http://127.0.0.1:${link.port}`;
    const first = await contender.device(origin);
    await first.sync();
    const before = await first.count();
    await first.write(docs(DOCS, dice(11)));
    link.reset();
    const drain_ms = await timed(() => first.sync());
    if ((await first.count()) - before !== DOCS) throw new Error(`${name}: expected ${DOCS} more documents, got ${(await first.count()) - before}`);
    if (badness === GOOD) {
      const { requests, alike_bytes } = link.weighed();
      Object.assign(told, { requests, alike_bytes, bytes: link.up_bytes + link.down_bytes });
      await first.sync();
      link.reset();
      await first.sync();
      told.nothing_new_bytes = link.up_bytes + link.down_bytes;
      if (first instanceof Phone) told.nothing_new_h2_bytes = await overHttp2(first, link);
    } else {
      told.drain_ms = drain_ms;
      // A link of its own, so that nobody has a connection there already.
      const other = new Link(await freePort(), port, badness, 9);
      await other.open();
      const second = await contender.device(`http://127.0.0.1:${other.port}`);
      told.second_ms = await timed(() => second.sync());
      told.second_down_bytes = other.down_bytes;
      await other.close();
      const held = await second.count();
      if (held !== before + DOCS) throw new Error(`${name}: expected ${before + DOCS} documents on the second device, got ${held}`);
    }
    await link.close();
  }
  await contender.stop();
  return told as Measured;
}

const all = new Map<string, Measured>();
for (const name of Object.keys(starts)) {
  try {
    const got = await measured(name);
    all.set(name, got);
    console.log(`${name}: ${got.requests} requests, ${got.bytes} B as shipped, ${got.alike_bytes} B compressed alike, ${got.nothing_new_bytes} B for nothing new; bad link: ${(got.drain_ms / 1000).toFixed(2)} s, second device ${(got.second_ms / 1000).toFixed(2)} s`);
  } catch (broken) {
    console.log(`${name} could not be measured: ${String(broken)}`);
    if (name === 'carrel') process.exit(1);
  }
}

const mine = all.get('carrel') as Measured;
const others = [...all].filter(([name]) => name !== 'carrel');
function figure(name: string, value: number, unit: string, goal: number, about: string): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 1000) / 1000, unit, goal: `<= ${goal}`, met: value <= goal, about }));
}
function beside(name: string, of: keyof Measured, goal: number, more = ''): void {
  const [best, got] = others.toSorted(([, a], [, b]) => a[of] - b[of])[0] ?? [];
  if (!best || !got) console.log(JSON.stringify({ name, value: null, unit: 'of the best peer', goal: `<= ${goal}`, met: null, about: 'no peer could be measured' }));
  else figure(name, mine[of] / got[of], `of the best peer (${best})`, goal, `${Math.round(mine[of])} against ${others.map(([each, its]) => `${each} ${Math.round(its[of])}`).join(', ')}${more}`);
}
figure('sync_500_requests', mine.requests, 'requests', 1, 'good link');
beside('sync_500_bytes_alike', 'alike_bytes', 0.75);
beside('sync_500_bad_link', 'drain_ms', 0.5);
beside(
  'sync_second_device',
  'second_ms',
  0.3,
  `; ${2 * DOCS} documents in ${mine.second_down_bytes} B: more than the ${AT_ONCE_BYTES} that a connection sends before it hears from the other side, so with connecting and asking it is three ways there and back, ${3 * BAD.rtt_ms} ms, at least`,
);
figure(
  'sync_nothing_new',
  mine.nothing_new_h2_bytes,
  'B both ways',
  400,
  `over HTTP/2; over HTTP/1.1, as the peers: ${mine.nothing_new_bytes} against ${others.map(([each, its]) => `${each} ${its.nothing_new_bytes}`).join(', ')}`,
);
process.exit(0);
