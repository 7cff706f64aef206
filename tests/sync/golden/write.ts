/**
 * Writes phones' stores as today's phone half leaves them after typical lives. Never writes over one that is there.
 *
 * `node tests/sync/golden/write.ts FOLDER CURSOR CURSOR`; the cursors are a library's own, early and late.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, begin, broke, compose, putAway, receive, withdraw, type Asking, type Failure, type PhoneState, type Reply } from '../../../sync/phone/phone.ts';
import { checksum } from '../../../sync/phone/facts.ts';
import { asText } from './store.ts';

const [folder = '', early = '', late = ''] = process.argv.slice(2);
/** Monday 1 February 2027, 09:00 UTC. */
const NOW = 1_801_472_400_000;
const HOUR = 3_600_000;
const u = (number: number): string => `0193ec00-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
const wish = (number: number, op: string, args: object, more: Partial<Asking> = {}): Asking => ({ u: u(number), op, args, at: NOW + number, seen: { title: 'Things Fall Apart' }, ...more });

const renew = (number: number, more: Partial<Asking> = {}) => wish(number, 'loans.renew@1', { loan: `l-${number}`, due_on: '2027-02-08' }, { base: { [`loans:l-${number}`]: 2 }, ...more });
const book = (number: number, hour: number, more: Partial<Asking> = {}) => wish(number, 'bookings.book@1', { room: 'room-1', starts_at: NOW + hour * HOUR, ends_at: NOW + (hour + 1) * HOUR, party: 2, access: [] }, more);
const cancel = (number: number, of: number, more: Partial<Asking> = {}) => wish(number, 'bookings.cancel@1', { booking: u(of) }, more);
const checkIn = (number: number, of: number, more: Partial<Asking> = {}) => wish(number, 'bookings.check_in@1', { booking: u(of) }, more);

function asked(state: PhoneState, ...wishes: Asking[]): PhoneState {
  return wishes.reduce((before, each) => {
    const after = ask(before, each);
    if ('full' in after) throw new Error('expected room, got full');
    return after.state;
  }, state);
}
function heard(state: PhoneState, reply: Partial<Reply> = {}): PhoneState {
  const made = compose(state, NOW);
  if (!made) throw new Error('the phone may not send');
  return receive(made.state, made.request, { v: 1, now: NOW + 40, epoch: 'e1', upto: 0, cur: late, ...reply }, NOW + 80, { plain: 900, compressed: 400 }).state;
}
function failed(state: PhoneState, failure: Failure): PhoneState {
  const made = compose(state, NOW);
  if (!made) throw new Error('the phone may not send');
  return broke(made.state, made.request, failure, NOW + 80, 0.5).state;
}
const problem = (status: number, code: string): Failure => ({ kind: 'status', status, problem: { type: `urn:carrel:problem:${code}`, title: '', status, code } });

const ROWS: NonNullable<Reply['rows']> = [
  ['loans', 'l-1', 2, { title: 'Things Fall Apart', due_on: '2027-02-08' }],
  ['loans', 'l-2', 1, { title: 'Arrow of God', due_on: '2027-02-09' }],
];
const SUM = checksum(new Map([['loans', new Map(ROWS.map(([, id, version, body]) => [id, { version, body }]))]]));
const dev = (number: number): string => `d_${number.toString(16).padStart(32, '0')}`;
const held = (number: number): PhoneState => heard(begin(dev(number)), { reset: true, rows: ROWS, sum: SUM });
const every = [renew(1), book(2, 2, { until: NOW + 2 * HOUR }), checkIn(3, 2, { after: u(2) }), cancel(4, 2, { after: u(2) }), renew(5)];

const answered = (number: number): PhoneState =>
  heard(asked(held(number), renew(1), renew(2), book(3, 2), renew(4)), {
    upto: 4,
    done: [[1, 1]],
    outcomes: [
      { n: 2, st: 'received', code: 'asked_elsewhere', eta: 60 },
      { n: 3, st: 'refused', code: 'room_taken', alt: [{ op: 'bookings.book@1', args: { room: 'room-2' }, why: 'same_time_elsewhere' }] },
      { n: 4, st: 'changed', code: 'other_date', said: { due_on: '2027-02-22' } },
    ],
  });

const lives: Record<string, { upto: number; state: PhoneState }> = {
  never_heard: { upto: 0, state: asked(begin(dev(1)), ...every) },
  waiting_of_every_op: { upto: 0, state: withdraw(asked(held(2), ...every), u(5)) },
  on_its_way: { upto: 0, state: (compose(asked(held(3), ...every), NOW) as { state: PhoneState }).state },
  after_cuts: { upto: 0, state: failed(failed(asked(held(4), ...every), { kind: 'cut' }), { kind: 'cut' }) },
  answered_and_waiting: { upto: 4, state: asked(putAway(answered(5), u(1)), renew(6), book(7, 3)) },
  set_aside: { upto: 0, state: asked(failed(asked(held(6), renew(1)), problem(400, 'malformed')), renew(2)) },
  place_given_up: { upto: 0, state: failed(failed(asked(held(7), renew(1), renew(2)), problem(400, 'malformed')), problem(400, 'malformed')) },
  mid_page_of_facts: { upto: 0, state: asked(heard(begin(dev(8)), { reset: true, rows: ROWS, cur: early, more: true }), renew(1)) },
  told_other_sum: { upto: 0, state: asked(heard(begin(dev(9)), { reset: true, rows: ROWS, sum: '00000000' }), renew(1)) },
  put_back_meanwhile: { upto: 1, state: failed({ ...asked(answered(10), renew(6)), epoch: 'e0' }, { kind: 'status', status: 409, problem: { type: '', title: '', status: 409, code: 'epoch', epoch: 'e1', upto: 1 } }) },
  signed_out_by_time: { upto: 0, state: failed(asked(held(11), ...every), problem(401, 'auth')) },
  outdated: { upto: 0, state: failed(asked(held(12), ...every), problem(426, 'upgrade')) },
  closed: { upto: 0, state: failed(held(13), problem(410, 'device-closed')) },
};

mkdirSync(folder, { recursive: true });
for (const [name, { upto, state }] of Object.entries(lives)) {
  writeFileSync(join(folder, `${name}.json`), `{"patron": "ada", "upto": ${upto}, "state": ${asText(state)}}\n`, { flag: 'wx' });
}
