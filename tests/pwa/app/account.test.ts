/** What the account on a device promises, whatever the network, the disk and other tabs do. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { World } from '../../../pwa/app/account_kept.ts';
import { Browser, renew, AT } from './tabs.ts';

let browser: Browser;

beforeEach(() => {
  browser = new Browser();
});

afterEach(() => {
  // Nothing of one test goes on in the next.
  browser.library.there = false;
  for (const { account } of browser.tabs) account.network(false);
});

/** Locks as browsers have them: shared, none, refused when asked for, refused a little later. */
const LOCKS: [string, Partial<World>][] = [
  ['one sender at a time', {}],
  ['no locks', { locks: null }],
  ['locks that throw', { locks: { request: () => { throw new DOMException('locks are not allowed here', 'SecurityError'); } } }],
  ['locks that reject', { locks: { request: () => Promise.reject(new DOMException('locks are not allowed here', 'SecurityError')) } }],
];

const until = (claim: () => unknown): Promise<void> =>
  vi.waitFor(() => {
    if (!claim()) throw new Error(`expected ${claim.toString()}`);
  }, 3_000);

async function signedIn(patron = 'p1') {
  const tab = await browser.tab();
  expect(await tab.account.signIn(patron)).toBe('in');
  return tab;
}

describe('asking', () => {
  test('a wish is on the disk before it is shown as waiting', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    expect(await renew(account)).toBe('kept');
    expect(account.waiting.value).toHaveLength(1);
    expect(await browser.disk()).toContain('loans.renew@1');
    expect(account.loans.value[0]?.wish?.op).toBe('loans.renew@1');
    expect(account.loans.value[0]?.body.due_on).toBe('2026-11-30');
  });

  test('a room that is wished for stands among the bookings, in pencil', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    const starts_at = AT + 3_600_000;
    await account.ask('bookings.book@1', { room: 'r1', starts_at, ends_at: starts_at + 3_600_000, party: 2, access: [] }, { room_name: 'Pod 2' });
    const [wished] = account.bookings.value;
    expect(wished?.wish).not.toBeNull();
    expect(wished?.version).toBe(0);
    expect(wished?.body.room_name).toBe('Pod 2');
  });

  test('when the disk is full the wish is said not to be kept, and none waits', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('the disk is full', 'QuotaExceededError');
    });
    expect(await renew(account)).toBe('not-kept');
    expect(account.waiting.value).toHaveLength(0);
    put.mockRestore();
    expect(await browser.disk()).not.toContain('loans.renew@1');
    expect(await renew(account)).toBe('kept');
  });

  test('a wish that alone is too long is said to be too much', async () => {
    const { account } = await signedIn();
    expect(await account.ask('loans.renew@1', { loan: 'x'.repeat(9_000) }, {})).toBe('full');
    expect(account.waiting.value).toHaveLength(0);
  });
});

describe('sending', () => {
  test('everything that waits goes in one request when the library is back', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    for (let i = 0; i < 60; i += 1) await renew(account);
    for (let i = 0; i < 5; i += 1) await account.sendNow();
    expect(account.connection.value).toBe('unreachable');
    browser.library.there = true;
    account.looked();
    await until(() => account.waiting.value.length === 0);
    expect(browser.library.carried()).toEqual([Array.from({ length: 60 }, (_, i) => i + 1)]);
    expect(account.connection.value).toBe('online');
  });

  test('while something waits it knocks again by itself within seconds', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    await renew(account);
    await account.sendNow();
    browser.library.there = true;
    await until(() => account.waiting.value.length === 0);
  });

  test('a lost reply is asked for again, and nothing is done twice', async () => {
    const { account } = await signedIn();
    browser.library.loseReplies = true;
    await renew(account);
    await until(() => browser.library.carried().length > 0);
    expect(account.waiting.value).toHaveLength(1);
    browser.library.loseReplies = false;
    account.looked();
    await until(() => account.waiting.value.length === 0);
    expect(browser.library.decided.size).toBe(1);
    expect(account.answers.value.map((each) => each.outcome.st)).toEqual(['done']);
  });

  test('a reply that cannot be stored counts for nothing, and is asked for again', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    await renew(account);
    await account.sendNow();
    browser.library.there = true;
    const real = IDBObjectStore.prototype.put;
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      if ((value as { answers?: unknown[] }).answers?.length) throw new DOMException('the disk is full', 'QuotaExceededError');
      return real.call(this, value, key);
    });
    await account.sendNow();
    put.mockRestore();
    expect(account.answers.value).toHaveLength(0);
    expect(await browser.disk()).toContain('"outbox":[{"n":1');
    await account.sendNow();
    await until(() => account.answers.value.length === 1);
    expect(account.waiting.value).toHaveLength(0);
  });

  test('what is asked while a request is on its way goes with the next, at once', async () => {
    const { account } = await signedIn();
    let second: Promise<string> | null = null;
    browser.library.instead = () => {
      second ??= renew(account);
      return undefined;
    };
    await renew(account);
    await until(() => second);
    await second;
    await until(() => account.waiting.value.length === 0);
    expect(browser.library.carried()).toEqual([[1], [2]]);
  });

  test('a library that asks for time is given it, whatever the person taps', async () => {
    const { account } = await signedIn();
    browser.library.instead = () => ({ status: 503, code: 'unavailable', retryAfter: 60 });
    await renew(account);
    await until(() => browser.library.carried().length === 1);
    await until(() => account.connection.value === 'unreachable');
    account.looked();
    await renew(account);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(browser.library.carried()).toHaveLength(1);
  });

  test('a log-in page in between is no answer', async () => {
    const tab = await browser.tab({ fetch: async (path, init) => (path === '/sync/1' ? new Response('<h1>Welcome to the café</h1>') : browser.library.fetch(path, init)) });
    await tab.account.signIn('p1');
    expect(tab.account.connection.value).toBe('unreachable');
    await renew(tab.account);
    await tab.account.sendNow();
    expect(tab.account.waiting.value).toHaveLength(1);
  });
});

describe('answers', () => {
  test('each is announced once, and kept until it is put away', async () => {
    const { account, said } = await signedIn();
    browser.library.fate = (n) => ({ n, st: 'refused', code: 'requested' });
    await renew(account);
    await until(() => account.answers.value.length === 1);
    await account.sendNow();
    expect(said).toEqual(['loans.renew@1 refused']);
    expect(account.loans.value[0]?.answer?.outcome.code).toBe('requested');
    const again = await browser.tab();
    expect(again.account.answers.value).toHaveLength(1);
    expect(again.said).toEqual([]);
    await account.putAway(account.answers.value[0]?.u ?? '');
    expect(account.answers.value).toHaveLength(0);
  });

  test('many at once are announced by their number', async () => {
    const { account, said } = await signedIn();
    browser.library.there = false;
    for (let i = 0; i < 9; i += 1) await renew(account);
    await account.sendNow();
    browser.library.there = true;
    account.looked();
    await until(() => account.answers.value.length === 9);
    expect(said).toEqual(['9 answers']);
  });

  test('the tab that is looked at announces what another tab received', async () => {
    const one = await signedIn();
    const other = await browser.tab();
    one.visible = false;
    await renew(one.account);
    await until(() => other.said.length > 0);
    expect(one.said).toEqual([]);
    expect(other.said).toEqual(['loans.renew@1 done']);
  });

  test('a wish taken back in time is withdrawn, without a word', async () => {
    const { account, said } = await signedIn();
    browser.library.there = false;
    await renew(account);
    await account.withdraw(account.waiting.value[0]?.u ?? '');
    expect(account.waiting.value).toHaveLength(0);
    browser.library.there = true;
    await account.sendNow();
    await until(() => browser.library.decided.size === 1);
    expect([...browser.library.decided.values()][0]?.st).toBe('withdrawn');
    expect(said).toEqual([]);
  });
});

describe('tabs', () => {
  test('show the same, and wishes of both keep their order', async () => {
    const one = await signedIn();
    const other = await browser.tab();
    browser.library.there = false;
    await renew(one.account);
    await renew(other.account);
    await until(() => one.account.waiting.value.length === 2);
    expect(one.account.waiting.value.map(({ n }) => n)).toEqual([1, 2]);
    browser.library.there = true;
    one.account.looked();
    other.account.looked();
    await until(() => one.account.waiting.value.length === 0 && other.account.waiting.value.length === 0);
    expect(browser.library.decided.size).toBe(2);
  });

  test.each(LOCKS)('five of them with %s: every wish is decided once and announced once', async (locks, over) => {
    const tabs = [await browser.tab(over)];
    await tabs[0]?.account.signIn('p1');
    while (tabs.length < 5) tabs.push(await browser.tab(over));
    browser.library.there = false;
    for (const { account } of tabs) for (let i = 0; i < 3; i += 1) expect(await renew(account)).toBe('kept');
    await Promise.all(tabs.map(({ account }) => account.sendNow()));
    browser.library.there = true;
    browser.library.requests.length = 0;
    const decided: string[] = [];
    browser.library.fate = (n) => (decided.push(`${n}`), { n, st: 'done' });
    for (const { account } of tabs) account.looked();
    await Promise.all(tabs.map(({ account }) => account.sendNow()));
    await until(() => tabs.every(({ account }) => account.waiting.value.length === 0 && account.answers.value.length === 15));
    expect(decided).toHaveLength(15);
    expect(tabs.flatMap(({ said }) => said)).toEqual(['15 answers']);
    // Each wish was carried by the one that sends, and by more only where nothing keeps them apart.
    if (locks === 'one sender at a time') expect(browser.library.carried()).toHaveLength(1);
  });

  test('signing out closes every tab', async () => {
    const one = await signedIn();
    const other = await browser.tab();
    await one.account.signOut('ask');
    await until(() => other.reloads === 1);
    expect(await browser.disk()).not.toContain('Beloved');
    expect(await renew(other.account)).toBe('not-kept');
  });
});

describe('starting without a network', () => {
  test('shows what is kept at once, and asks nobody first', async () => {
    await signedIn();
    browser.library.there = false;
    browser.library.heard.length = 0;
    const { account } = await browser.tab();
    expect(account.status.value).toBe('signed-in');
    expect(account.loans.value[0]?.body.title).toBe('Beloved');
    expect(account.patron.value?.name).toBe('Amina Yusuf');
    expect(account.heardAt.value).toBe(AT);
    expect(browser.library.heard).toEqual([]);
  });

  test('a store that the browser has cleared opens signed out', async () => {
    await signedIn();
    const [mine] = (await indexedDB.databases()).filter(({ name }) => name?.startsWith('me-'));
    await new Promise((resolve) => (indexedDB.deleteDatabase(mine?.name ?? '').onsuccess = resolve));
    const { account } = await browser.tab();
    expect(account.status.value).toBe('signed-out');
  });
});

describe('the library no longer knows the session', () => {
  test('401 keeps everything, and the same reader goes on', async () => {
    const { account } = await signedIn();
    browser.library.patron = null;
    await renew(account);
    await until(() => account.status.value === 'sign-in-again');
    expect(account.waiting.value).toHaveLength(1);
    expect(account.loans.value).toHaveLength(1);
    expect((await browser.tab()).account.status.value).toBe('sign-in-again');
    expect(await account.signIn('p1')).toBe('in');
    await until(() => account.waiting.value.length === 0);
    expect(account.answers.value).toHaveLength(1);
  });

  test('another reader neither sends nor loses what waits', async () => {
    const { account } = await signedIn();
    browser.library.patron = null;
    await renew(account);
    await until(() => account.status.value === 'sign-in-again');
    expect(await account.signIn('p2')).toBe('other');
    expect(browser.library.patron).toBeNull();
    expect(account.waiting.value).toHaveLength(1);
    expect(browser.library.decided.size).toBe(0);
  });

  test('where nothing waits another reader begins with nothing of the first', async () => {
    const { account } = await signedIn();
    const before = browser.library.requests.at(-1)?.dev;
    browser.library.facts = new Map();
    expect(await account.signIn('p2')).toBe('in');
    expect(account.loans.value).toEqual([]);
    expect(browser.library.requests.at(-1)?.dev).not.toBe(before);
    expect(await browser.disk()).not.toContain('Beloved');
  });

  test('410 wipes what is kept of the reader', async () => {
    const { account } = await signedIn();
    const other = await browser.tab();
    browser.library.instead = () => ({ status: 410, code: 'device-closed' });
    await account.sendNow();
    expect(account.status.value).toBe('signed-out');
    expect(await browser.disk()).not.toContain('Beloved');
    await until(() => other.reloads === 1);
  });

  test('426 keeps everything and says that a newer app is needed', async () => {
    const { account } = await signedIn();
    browser.library.instead = () => ({ status: 426, code: 'upgrade' });
    await renew(account);
    await until(() => account.connection.value === 'update-needed');
    expect(account.waiting.value).toHaveLength(1);
  });
});

describe('signing out', () => {
  test('sends first what waits, closes the device, ends the session, leaves nothing', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    await renew(account);
    await account.sendNow();
    browser.library.there = true;
    browser.library.heard.length = 0;
    expect(await account.signOut('ask')).toEqual({ left: [] });
    expect(browser.library.decided.size).toBe(1);
    expect(account.status.value).toBe('signed-out');
    const dev = browser.library.requests[0]?.dev;
    expect(browser.library.heard.slice(-2)).toEqual([`DELETE /sync/1/device/${dev}`, 'POST /session/end']);
    const disk = await browser.disk();
    for (const word of ['Beloved', 'Amina', 'p1', 'me-', dev ?? '']) expect(disk).not.toContain(word);
  });

  test('gives back what could not be sent, and stays signed in', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    await renew(account);
    const { left } = await account.signOut('ask');
    expect(left.map(({ op }) => op)).toEqual(['loans.renew@1']);
    expect(account.status.value).toBe('signed-in');
    expect(account.waiting.value).toHaveLength(1);
  });

  test('without a network keeps only the name of the device, to be closed later', async () => {
    const { account } = await signedIn();
    const dev = browser.library.requests[0]?.dev ?? '';
    browser.library.there = false;
    await renew(account);
    await account.signOut('discard');
    const disk = await browser.disk();
    expect(disk).toContain(dev);
    for (const word of ['Beloved', 'Amina', 'loans.renew', 'me-']) expect(disk).not.toContain(word);
    browser.library.there = true;
    browser.library.heard.length = 0;
    const later = await browser.tab();
    await until(() => browser.library.heard.includes('POST /session/end'));
    expect(browser.library.heard).toContain(`DELETE /sync/1/device/${dev}`);
    expect(later.account.status.value).toBe('signed-out');
    await vi.waitFor(async () => expect(await browser.disk()).not.toContain(dev));
  });

  test('a device that is closed late does not sign out who signs in meanwhile', async () => {
    const { account } = await signedIn();
    browser.library.there = false;
    await account.signOut('discard');
    browser.library.there = true;
    expect(await account.signIn('p2')).toBe('in');
    await account.sendNow();
    expect(browser.library.patron?.id).toBe('p2');
    expect(account.status.value).toBe('signed-in');
  });
});
