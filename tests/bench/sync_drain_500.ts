/**
 * 500 wishes made offline, sent and answered, and the phone up to date again: how many requests, how many
 * bytes both ways, heads included.
 *
 * The phone's own half (sync/phone) composes and receives; the library is a real one behind a wire that
 * counts. 160 slots are booked and cancelled again, and 180 renewals are asked for.
 */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { asReply, ask, begin, compose, receive, type PhoneState } from '../../sync/phone/phone.ts';
import { identity, Reader } from '../journeys/reader.ts';
import { House } from '../journeys/server.ts';

const WISHES = 500;
const PAIRS = 160;
const GOAL_BYTES = 40_000;
const GRACE_MS = 600_000;

interface Slot {
  room: string;
  room_name: string;
  starts_at: number;
  ends_at: number;
  party: number;
}

const house = await House.open();

/** Sends until nothing waits and nothing is left to read. */
async function drained(state: PhoneState, cookie: string): Promise<PhoneState> {
  for (let again = true; again; ) {
    const composed = compose(state, Date.now(), '0.1.0');
    if (!composed) throw new Error('the phone may not send');
    const plain = Buffer.from(JSON.stringify(composed.request));
    const body = gzipSync(plain);
    const reply = await fetch(`${house.origin}/sync/1`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'accept-encoding': 'gzip, br',
        origin: house.origin,
        cookie,
      },
      body,
    });
    const told = asReply(await reply.json());
    if (!told) throw new Error(`expected a reply, got ${reply.status}`);
    const received = receive(composed.state, composed.request, told, Date.now(), { plain: plain.length, compressed: body.length });
    ({ state, again } = received);
  }
  return state;
}

/** A patron who may book and has loans, with the slots that are free for them. */
async function booker(): Promise<{ id: string; cookie: string; slots: Slot[] }> {
  const patrons = (await (await fetch(`${house.origin}/session/demo`)).json()) as { id: string }[];
  const seen: string[] = [];
  for (const { id } of patrons) {
    const reader = new Reader(house.origin);
    await reader.signIn(seen);
    seen.push(id);
    if (reader.kept('loans').length < 3) continue;
    const slots: Slot[] = [];
    for (const site of await reader.sites()) {
      for (const room of await reader.rooms(site)) {
        const length = room.rules.least_minutes * 60_000;
        for (const [from, to] of room.free) {
          for (let at = from; at + length <= to; at += length) {
            slots.push({ room: room.id, room_name: room.name, starts_at: at, ends_at: at + length, party: room.seats[0] });
          }
        }
      }
    }
    const tried: Slot[] = [];
    for (const slot of slots) {
      if (tried.length === PAIRS) break;
      const { room_name: _, ...args } = slot;
      const u = identity();
      const [booked] = await reader.push([
        { op: 'bookings.book@1', args: { ...args, access: [] }, u },
        { op: 'bookings.cancel@1', args: { booking: u } },
      ]);
      if (booked?.st === 'done') tried.push(slot);
      else if (tried.length === 0 && slots.indexOf(slot) > 40) break;
    }
    if (tried.length === PAIRS) return { id, cookie: reader.session(), slots: tried };
  }
  throw new Error('no demo patron may book that much');
}

try {
  // the slots were booked and cancelled once to know that they may be; the phone has heard of that
  const chosen = await booker();
  let state = begin(`d_${randomBytes(16).toString('hex')}`);
  state = await drained(state, chosen.cookie);
  const loans = [...(state.facts.get('loans') ?? new Map()).entries()];
  const place = (op: string, args: object, seen: Record<string, unknown>, more: object = {}): string => {
    const u = identity();
    const kept = ask(state, { u, op, args, at: Date.now(), seen, ...more });
    if ('full' in kept) throw new Error('the phone is full');
    state = kept.state;
    return u;
  };
  for (const { room_name, ...slot } of chosen.slots) {
    const u = place('bookings.book@1', { ...slot, access: [] }, { room_name }, { until: slot.starts_at + GRACE_MS });
    place('bookings.cancel@1', { booking: u }, { room_name });
  }
  for (let wish = 0; wish < WISHES - 2 * PAIRS; wish += 1) {
    const [id, fact] = loans[wish % loans.length] ?? ['', { version: 0 }];
    place('loans.renew@1', { loan: id }, {}, { base: { [`loans:${id}`]: fact.version } });
  }
  if (state.outbox.length !== WISHES) throw new Error(`expected ${WISHES} wishes to wait, got ${state.outbox.length}`);

  house.wire.exchanges.length = 0;
  state = await drained(state, chosen.cookie);
  if (state.outbox.length > 0) throw new Error(`${state.outbox.length} wishes still wait`);
  const fates = new Map<string, number>();
  for (const { outcome } of state.answers) fates.set(outcome.st, (fates.get(outcome.st) ?? 0) + 1);
  const posts = house.wire.posts('/sync/1');
  const up = posts.reduce((sum, each) => sum + each.up_bytes, 0);
  const down = posts.reduce((sum, each) => sum + each.down_bytes, 0);
  const told = [...fates].map(([st, times]) => `${times} ${st}`).join(', ');
  console.log(`${posts.length} request, ${up.toLocaleString('en-GB')} B up, ${down.toLocaleString('en-GB')} B down; ${told}`);
  const about = `500 wishes, ${told}; ${up} B up, ${down} B down`;
  console.log(
    JSON.stringify({ name: 'sync_drain_500_requests', value: posts.length, unit: 'requests', goal: '<= 1', met: posts.length === 1, about }),
  );
  console.log(
    JSON.stringify({ name: 'sync_drain_500', value: up + down, unit: 'B both ways', goal: `<= ${GOAL_BYTES}`, met: up + down <= GOAL_BYTES, about }),
  );
} finally {
  await house.close();
}
