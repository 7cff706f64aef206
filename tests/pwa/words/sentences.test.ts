/** Whatever the library may answer has its sentence: what happened, then what to do, in plain words. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { aloud, choice, named, said, unread } from '../../../pwa/words/outcomes.ts';
import { COMMITMENTS } from '../../../pwa/words/commitments.ts';
import type { Answer, Outcome } from '../../../sync/phone/phone.ts';
import { AT } from '../app/tabs.ts';

const ROOT = new URL('../../../', import.meta.url);
const source = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** The words of a closed list, as the schema or the facts were generated from the library's own. */
function list(of: string, from = source('pwa/app/facts.ts')): string[] {
  const written = new RegExp(`(?:type ${of} =|^  ${of}\\??:) ("[^;]*");`, 'm').exec(from)?.[1];
  if (!written) throw new Error(`expected a closed list ${of}, found none`);
  return written.split('|').map((each) => JSON.parse(each.trim()) as string);
}

const STATES = list('st', source('sync/schema/messages.ts')) as Outcome['st'][];
/** Whose reasons each list of refusals is. */
const REFUSALS: Record<string, string> = {
  RenewalRefusal: 'loans.renew@1', BookingRefusal: 'bookings.book@1', CancelRefusal: 'bookings.cancel@1', CheckInRefusal: 'bookings.check_in@1',
};
const OPERATIONS = readdirSync(new URL('backend/carrel/', ROOT), { recursive: true, encoding: 'utf8' })
  .filter((each) => each.endsWith('intents.py'))
  .flatMap((each) => [...source(`backend/carrel/${each}`).matchAll(/"(\w+\.\w+@\d+)"/g)].map(([, op]) => op as string));

function answer(op: string, outcome: Omit<Outcome, 'n'>): Answer {
  const args = { loan: 'l1', booking: 'k1', room: 'r1', starts_at: AT, ends_at: AT + 3_600_000, party: 1, access: [] };
  const seen = { title: 'Beloved', room_name: 'Pod 1', starts_at: AT, ends_at: AT + 3_600_000 };
  return { n: 1, u: 'u1', op, args, at: AT, seen, outcome: { n: 1, ...outcome }, answered_at: AT, put_away: false } as unknown as Answer;
}
const sentence = (op: string, outcome: Omit<Outcome, 'n'>): string => {
  const { first, rest } = said(answer(op, outcome));
  return `${first} ${rest}`.trim();
};
const UNKNOWN = sentence('loans.renew@1', { st: 'refused', code: 'none such' });

test('what this knows of the wire and of the operations is all there is', () => {
  expect(STATES).toHaveLength(10);
  expect([...new Set(OPERATIONS)].sort()).toEqual(Object.values(REFUSALS).sort());
  const lists = [...source('pwa/app/facts.ts').matchAll(/export type (\w+Refusal)/g)].map(([, name]) => name);
  expect(lists.sort()).toEqual(Object.keys(REFUSALS).sort());
});

describe.each(Object.values(REFUSALS))('%s', (op) => {
  test('has a name of its own', () => {
    expect(named(answer(op, { st: 'done' }), AT)).not.toBe('A wish');
    expect(named({ op, args: { starts_at: AT, ends_at: AT }, seen: {} } as never, AT)).not.toMatch(/undefined|NaN/);
  });

  test.each(STATES)('has a sentence when it is %s', (st) => {
    expect(sentence(op, { st, code: '' })).toMatch(/^[A-Z].*\.$/);
    expect(aloud(answer(op, { st, code: '' }))).not.toMatch(/undefined|NaN|\s\s|\.\./);
  });
});

describe.each(Object.entries(REFUSALS))('%s', (name, op) => {
  test.each(list(name))('says why: %s', (code) => {
    const told = sentence(op, { st: 'refused', code });
    expect(told).toMatch(/^Not [\w ]+, at 10:42\. [A-Z].*\.$/);
    expect(told.split('. ').slice(1)).not.toEqual(UNKNOWN.split('. ').slice(1));
  });
});

/** What the library and the phone decide of themselves, before any operation does. */
const SETTLED = [
  ...[...source('sync/carrel_sync/library.py').matchAll(/Outcome\(n, "(\w+)", code="(\w+)"/g)].map(([, st, code]) => [st, code]),
  ...[...source('sync/phone/phone.ts').matchAll(/st: '(\w+)', code: '(\w+)'/g)].map(([, st, code]) => [st, code]),
] as [Outcome['st'], string][];

test('what is settled before an operation decides was found', () => {
  expect(new Set(SETTLED.map(([, code]) => code))).toEqual(new Set(Object.keys(unread)));
});

test.each(SETTLED)('%s, %s has a sentence of its own, whatever was asked', (st, code) => {
  for (const op of Object.values(REFUSALS)) expect(sentence(op, { st, code })).toContain(unread[code]);
});

test.each(list('AlternativeReason'))('another choice says how it differs: %s', (reason) => {
  expect(choice[reason as keyof typeof choice]).toMatch(/^[A-Z]/);
});

test('the commitments on the page are those of the list', () => {
  const written = source('accessibility/commitments.toml');
  const listed = [...written.matchAll(/id = "(.*)"\ntext = "(.*)"\nmeasure = "(.*)"/g)].map(([, id, text, measure]) => ({ id, text, measure }));
  expect(COMMITMENTS).toEqual(listed);
});
