/** A newer app waits for whoever sends, and for nothing else. */
import { expect, test } from 'vitest';
import { senderEnds } from '../../../pwa/app/sender_ends.ts';
import { Browser } from './tabs.ts';

test('it waits at the lock that the account sends under', async () => {
  const names: string[] = [];
  const locks = { request: (async (name: string, options: LockOptions, work: (lock: object) => Promise<unknown>) => (names.push(name), work({ name, options }))) as never };
  const { account } = await new Browser().tab({ locks });
  await account.signIn('p1');
  await senderEnds(locks);
  expect(names.length).toBeGreaterThanOrEqual(2);
  expect(new Set(names).size).toBe(1);
  account.network(false);
});

test('while that is held it has not ended, and then it has', async () => {
  const held = Promise.withResolvers<void>();
  const locks = { request: (async (_name: string, _options: LockOptions, work: () => unknown) => (await held.promise, work())) as never };
  let ended = false;
  const waits = senderEnds(locks).then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  held.resolve();
  await waits;
  expect(ended).toBe(true);
});

test.each([
  ['none', null],
  ['refused', { request: () => { throw new DOMException('not here', 'SecurityError'); } }],
  ['taken away', { request: () => Promise.reject(new DOMException('stolen', 'AbortError')) }],
])('locks that are %s hold nobody up', async (_, locks) => {
  await expect(senderEnds(locks)).resolves.toBeUndefined();
});
