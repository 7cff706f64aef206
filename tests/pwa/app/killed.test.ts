/** The disk breaks at every step of every act, once with the page and once alone: nothing is lost, halved or doubled. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Account } from '../../../pwa/app/account_kept.ts';
import { checksum, type Fact, type Facts } from '../../../sync/phone/facts.ts';
import type { Reply } from '../../../sync/phone/phone.ts';
import { FailingDisk, type Breaking } from './failing_disk.ts';
import { Browser, Library, LOAN, renew, type Tab } from './tabs.ts';

const MORE_STEPS_THAN_ANY = 80;
/** Long enough for an act to end by itself on a disk that has not died; milliseconds. */
const ENOUGH_MS = 8_000;

const rows = (due_on: string, ids: string[]): Facts => new Map<string, ReadonlyMap<string, Fact>>([
  ['patron', new Map([['p1', { version: 1, body: { name: 'Amina Yusuf' } }]])],
  ['loans', new Map(ids.map((id) => [id, { version: 1, body: { ...LOAN, due_on } }]))],
]);
const OLD = ['l1 2026-11-30'];
const NEW = ['l1 2026-12-21', 'l2 2026-12-21'];

const shown = (account: Account): string[] => account.loans.value.map(({ id, body }) => `${id} ${body.due_on}`);

let browser: Browser;
let disk: FailingDisk | null = null;

afterEach(() => {
  disk?.repaired();
  browser.library.there = false;
  for (const { account } of browser.tabs) account.network(false);
});

/** Signed in, two wishes waiting, and a library that cannot be reached. */
async function twoWait(): Promise<Tab> {
  browser = new Browser();
  const library = browser.library;
  disk = null;
  const mine = browser;
  const tab = await browser.tab({
    // A page that is gone sends nothing and hears nothing.
    fetch: (path, init) => {
      const dead = (): boolean => browser !== mine || disk?.dead === true;
      if (dead()) return new Promise<never>(() => undefined);
      return library.fetch(path, init).then((reply) => (dead() ? new Promise<never>(() => undefined) : reply));
    },
  });
  await tab.account.signIn('p1');
  library.there = false;
  await renew(tab.account);
  await renew(tab.account);
  await tab.account.sendNow();
  return tab;
}

/** From now on the library has read everything anew, and tells it in two pages. */
function inTwoPages(library: Library): void {
  const facts = rows('2026-12-21', ['l1', 'l2']);
  library.facts = facts;
  const all = [...facts].flatMap(([kind, of]) => [...of].map(([id, fact]) => [kind, id, fact.version, fact.body] as [string, string, number, Record<string, unknown>]));
  library.instead = (request) => {
    const reply = library.answer(request);
    if (!('v' in reply)) return reply;
    const { reset: _reset, sum: _sum, ...rest } = reply;
    if (request.cur === 'c1') return { ...rest, cur: 'c2', rows: all.slice(0, 2), reset: true, more: true } as Reply;
    if (request.cur === 'c2') return { ...rest, cur: 'c3', rows: all.slice(2), sum: checksum(facts) } as Reply;
    return { ...rest, cur: 'c3', rows: [], sum: checksum(facts) } as Reply;
  };
}

interface Act {
  name: string;
  /** What goes before, on a sound disk. */
  before(tab: Tab): void;
  act(tab: Tab): Promise<unknown>;
}

/** Plays an act on a disk that breaks at step `at`; null when the act has fewer steps. */
async function broken(act: Act, at: number, how: Breaking): Promise<{ tab: Tab; ended: unknown } | null> {
  const tab = await twoWait();
  act.before(tab);
  disk = new FailingDisk(at, how);
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), ENOUGH_MS));
  const ended = await Promise.race([act.act(tab).catch((why: unknown) => why), disk.death, late]);
  if (ended === 'late') throw new Error(`expected ${act.name} to end, step ${at} ${how}: ${disk.steps.at(-1)}`);
  const reached = disk.broken;
  // What the dead page had begun comes to nothing before the next one opens.
  await new Promise((resolve) => setTimeout(resolve, 5));
  disk.repaired();
  return reached ? { tab, ended } : null;
}

/** Every step of an act, broken in turn. Returns how many there are. */
async function everyStep(act: Act, how: Breaking, claim: (made: { tab: Tab; ended: unknown }, step: string) => Promise<void>): Promise<number> {
  for (let at = 1; at < MORE_STEPS_THAN_ANY; at += 1) {
    const made = await broken(act, at, how);
    if (!made) return at - 1;
    const step = disk?.steps[at - 1] ?? '';
    try {
      await claim(made, step);
    } catch (why) {
      throw new Error(`step ${at}, ${how} at “${step}”: ${why instanceof Error ? why.message : String(why)}`, { cause: why });
    }
    for (const { account } of browser.tabs) account.network(false);
  }
  throw new Error(`expected ${act.name} to end within ${MORE_STEPS_THAN_ANY} steps`);
}

/** The browser is started again where the library cannot be reached. */
async function reopened(): Promise<Account> {
  browser.library.there = false;
  browser.restarted();
  return (await browser.tab()).account;
}

/** Each wish waits or is answered, and never both or neither; what was acknowledged is here. */
function whole(account: Account, most: number): void {
  const waiting = account.waiting.value.map(({ u }) => u);
  const answered = account.answers.value.map(({ u }) => u);
  const all = [...waiting, ...answered];
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThanOrEqual(2);
  expect(all.length).toBeLessThanOrEqual(most);
  const acknowledged = Math.max(0, ...browser.library.requests.map(({ ack }) => ack ?? 0));
  expect(answered.length).toBeGreaterThanOrEqual(acknowledged);
  expect([OLD, NEW]).toContainEqual(shown(account));
}

/** The library is back: in the end everything is decided once, told, and the facts are the library's. */
async function ends(account: Account, wishes: number): Promise<void> {
  browser.library.there = true;
  await vi.waitFor(async () => {
    account.looked();
    await account.sendNow();
    expect(account.waiting.value).toHaveLength(0);
  }, ENOUGH_MS);
  expect(browser.library.decided.size).toBe(wishes);
  expect(account.answers.value).toHaveLength(wishes);
}

const asking: Act = { name: 'asking', before: () => undefined, act: ({ account }) => renew(account) };
const sending: Act = {
  name: 'sending and receiving',
  before: () => {
    browser.library.there = true;
    inTwoPages(browser.library);
  },
  act: ({ account }) => account.sendNow(),
};
const leaving: Act = { name: 'signing out', before: () => undefined, act: ({ account }) => account.signOut('discard') };
const sentAndLeaving: Act = { name: 'signing out with a network', before: () => (browser.library.there = true), act: ({ account }) => account.signOut('ask') };

describe.each(['dies', 'fails'] as const)('the disk %s at each step', (how) => {
  test('of asking: what was said to be kept is kept, and what waited before still waits', async () => {
    const steps = await everyStep(asking, how, async ({ ended }) => {
      const account = await reopened();
      whole(account, 3);
      if (ended === 'kept') expect(account.waiting.value).toHaveLength(3);
      if (ended === 'not-kept') expect(account.waiting.value).toHaveLength(2);
      await ends(account, account.waiting.value.length);
    });
    expect(steps).toBeGreaterThanOrEqual(how === 'dies' ? 4 : 3);
  });

  test('of sending and receiving: a reply counts whole or not at all, and is asked for again', async () => {
    const steps = await everyStep(sending, how, async () => {
      const account = await reopened();
      whole(account, 2);
      await ends(account, 2);
      expect(shown(account)).toEqual(NEW);
    });
    expect(steps).toBeGreaterThanOrEqual(12);
  });

  test.each([leaving, sentAndLeaving])('of $name: it is done or not, never half', async (act) => {
    const steps = await everyStep(act, how, async ({ tab }) => {
      const dev = browser.library.requests[0]?.dev ?? '';
      // A page that lives on says what the disk says.
      const saidSignedIn = tab.account.status.value === 'signed-in';
      const account = await reopened();
      if (how === 'fails') expect(account.status.value === 'signed-in').toBe(saidSignedIn);
      if (account.status.value === 'signed-in') {
        whole(account, 2);
        expect(await browser.disk()).not.toContain('"revoked"');
        await ends(account, 2);
        return;
      }
      expect(account.status.value).toBe('signed-out');
      browser.library.there = true;
      account.looked();
      await vi.waitFor(async () => {
        expect(browser.library.heard).toContain(`DELETE /sync/1/device/${dev}`);
        expect(browser.library.patron).toBeNull();
        // Only their names: opening one that is being deleted would make it anew.
        expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['carrel']);
      }, ENOUGH_MS);
      await vi.waitFor(async () => {
        const left = await browser.disk();
        for (const word of ['Beloved', 'Amina', 'p1', 'me-', 'loans.renew', dev]) expect(left).not.toContain(word);
      }, ENOUGH_MS);
    });
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  test('of signing in: the next sign-in begins with nothing left over', async () => {
    const act: Act = {
      name: 'signing in',
      before: () => (browser.library.there = true),
      act: async ({ account }) => {
        await account.signOut('discard');
        return account.signIn('p1');
      },
    };
    await everyStep(act, how, async () => {
      browser.restarted();
      browser.library.there = true;
      const { account } = await browser.tab();
      if (account.status.value !== 'signed-in') {
        await vi.waitFor(async () => expect(await account.signIn('p1')).toBe('in'), ENOUGH_MS);
      }
      await vi.waitFor(() => expect(account.patron.value?.name).toBe('Amina Yusuf'), ENOUGH_MS);
      await vi.waitFor(async () => {
        const mine = (await indexedDB.databases()).filter(({ name }) => name?.startsWith('me-'));
        expect(mine).toHaveLength(1);
      }, ENOUGH_MS);
    });
  });
});
