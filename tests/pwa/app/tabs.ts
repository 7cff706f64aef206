/** Tabs of one browser over one made-up disk, and a library that answers as it is told. */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';
import { checksum, type Fact, type Facts } from '../../../sync/phone/facts.ts';
import type { Outcome, Reply, Request } from '../../../sync/phone/phone.ts';
import { SCHEMA_VERSION, WIRE_VERSION } from '../../../sync/schema/messages.ts';
import type { Account, Told, World } from '../../../pwa/app/account_kept.ts';

export const AT = Date.UTC(2026, 10, 23, 10, 42);

export const LOAN = {
  record: 'b1', title: 'Beloved', author: 'Toni Morrison', shelfmark: 'PS 3563', item: 'i1', kind: 'book', system: 'university',
  site: 'colchester', issued_on: '2026-11-02', due_on: '2026-11-30', renewals: 0, renewal: { can: true, until: '2026-12-21' },
  renews_itself: true, keep_until: '2027-11-02', state: 'on_loan', shelf: 'PS',
};

type Answering = (request: Request) => Reply | { status: number; code?: string; retryAfter?: number } | 'cut';

/** Decides every wish as `fate` says; holds one loan; remembers who is signed in. */
export class Library {
  /** What came to it, one line each: "POST /sync/1". */
  readonly heard: string[] = [];
  readonly requests: Request[] = [];
  readonly decided = new Map<string, Outcome>();
  patron: { id: string; name: string } | null = null;
  upto = 0;
  there = true;
  now = AT;
  facts: Facts = new Map<string, Map<string, Fact>>([['patron', new Map([['p1', { version: 1, body: { name: 'Amina Yusuf' } }]])], ['loans', new Map([['l1', { version: 1, body: LOAN }]])]]);
  fate: (n: number) => Outcome = (n) => ({ n, st: 'done' });
  /** What to answer in place of the ordinary; decided all the same when it returns undefined. */
  instead: ((request: Request) => ReturnType<Answering> | undefined) | null = null;
  /** The reply is lost on its way back. */
  loseReplies = false;

  async fetch(path: string, init: RequestInit): Promise<Response> {
    if (!this.there) throw new TypeError('Failed to fetch');
    const method = init.method ?? 'GET';
    this.heard.push(`${method} ${path}`);
    if (path === '/sync/1/meta') return json(200, { wire: [1, 1] });
    if (path === '/session') return json(200, { patron: this.patron, demo: true });
    if (path === '/session/end') {
      this.patron = null;
      return json(200, { patron: null, demo: true });
    }
    if (path === '/session/demo' && method === 'POST') {
      const { patron } = JSON.parse(String(init.body)) as { patron: string };
      this.patron = { id: patron, name: patron };
      return json(200, { patron: this.patron, demo: true });
    }
    if (path.startsWith('/sync/1/device/')) return new Response(null, { status: 204 });
    if (path !== '/sync/1') throw new Error(`expected an address of the library, got ${path}`);
    const request = (await unpacked(init)) as Request;
    // On the line a place is left out where it follows from the intent before.
    let last = 0;
    for (const each of (request.intents ?? []) as { n?: number }[]) last = each.n ??= last + 1;
    this.requests.push(request);
    const told = this.instead?.(request) ?? this.answer(request);
    if (told === 'cut' || this.loseReplies) throw new TypeError('Failed to fetch');
    if ('v' in told) return json(200, told);
    return json(
      told.status,
      { type: '', title: '', status: told.status, code: told.code ?? '' },
      { 'content-type': 'application/problem+json', ...(told.retryAfter ? { 'retry-after': String(told.retryAfter) } : {}) },
    );
  }

  answer(request: Request): Exclude<ReturnType<Answering>, 'cut'> {
    if (!this.patron) return { status: 401, code: 'auth' };
    const outcomes: Outcome[] = [];
    for (const { n, u, op } of (request.intents ?? []) as { n: number; u: string; op: string }[]) {
      if (!this.decided.has(u)) this.decided.set(u, op === 'sync.withdraw@1' ? { n, st: 'withdrawn' } : this.fate(n));
      outcomes.push(this.decided.get(u) as Outcome);
      this.upto = Math.max(this.upto, n);
    }
    const rows: Reply['rows'] = request.cur
      ? []
      : [...this.facts].flatMap(([kind, all]) => [...all].map(([id, fact]) => [kind, id, fact.version, fact.body] as [string, string, number, Record<string, unknown>]));
    return { v: WIRE_VERSION, now: this.now, epoch: 'e1', upto: this.upto, cur: 'c1', outcomes, rows, reset: !request.cur, sum: checksum(this.facts) };
  }

  /** Wishes it was sent, one list for each request that carried any. */
  carried(): number[][] {
    return this.requests.filter((each) => each.intents?.length).map((each) => (each.intents as { n: number }[]).map(({ n }) => n));
  }
}

export interface Tab {
  account: Account;
  said: string[];
  reloads: number;
  visible: boolean;
  /** How often the browser was asked to have it sent later. */
  left: number;
}

/** One browser: its disk, its locks, and the tabs that hear each other. */
export class Browser {
  readonly library: Library;
  readonly tabs: Tab[] = [];
  now = AT;
  private dice = 1;
  private app: Promise<typeof import('../../../pwa/app/account_kept.ts')> | null = null;
  private readonly locks = new Map<string, boolean>();

  constructor(library = new Library()) {
    this.library = library;
    globalThis.indexedDB = new IDBFactory();
  }

  /** A new tab, that has opened what is kept. */
  async tab(over: Partial<World> = {}): Promise<Tab> {
    const tab: Tab = { said: [], reloads: 0, visible: true, left: 0, account: undefined as unknown as Account };
    const world: World = {
      fetch: (path, init) => this.library.fetch(path, init),
      now: () => this.now,
      random: () => 0.5,
      bytes: (count) => Uint8Array.from({ length: count }, () => (this.dice = (this.dice * 48271) % 0x7fffffff) & 0xff),
      online: () => true,
      visible: () => tab.visible,
      locks: { request: ((name: string, options: LockOptions, work: (lock: object | null) => Promise<unknown>) => this.lock(name, options, work)) as never },
      tell: (told) => this.tell(tab, told),
      announce: (text) => tab.said.push(text),
      reload: () => (tab.reloads += 1),
      persist: () => undefined,
      sendLater: () => (tab.left += 1),
      ...over,
    };
    // The app is loaded anew for each browser, as it holds on to its disk.
    this.app ??= (vi.resetModules(), import('../../../pwa/app/account_kept.ts'));
    tab.account = (await this.app).keepAccount(world);
    tab.account.speak(({ op, outcome }) => `${op} ${outcome.st}`, (answers) => `${answers} answers`);
    this.tabs.push(tab);
    await tab.account.open();
    return tab;
  }

  private async lock(name: string, options: LockOptions, work: (lock: object | null) => Promise<unknown>): Promise<unknown> {
    while (this.locks.get(name) && !options.steal) {
      if (options.ifAvailable) return work(null);
      await new Promise((soon) => setTimeout(soon, 1));
    }
    this.locks.set(name, true);
    try {
      return await work({ name });
    } finally {
      this.locks.set(name, false);
    }
  }

  private tell(from: Tab | null, told: Told): void {
    for (const each of this.tabs) if (each !== from) setTimeout(() => void each.account.hear(structuredClone(told)), 0);
  }

  /** What the service worker has of the browser. */
  worker(): Pick<World, 'fetch' | 'now' | 'random' | 'locks' | 'tell'> {
    return {
      fetch: (path, init) => this.library.fetch(path, init),
      now: () => this.now,
      random: () => 0.5,
      locks: { request: ((name: string, options: LockOptions, work: (lock: object | null) => Promise<unknown>) => this.lock(name, options, work)) as never },
      tell: (told) => this.tell(null, told),
    };
  }

  /** What the service worker runs, over the disk of the tabs. */
  background(): Promise<typeof import('../../../pwa/app/background_sending.ts')> {
    this.app ??= (vi.resetModules(), import('../../../pwa/app/account_kept.ts'));
    return this.app.then(() => import('../../../pwa/app/background_sending.ts'));
  }

  /** Every page is closed; nothing of theirs goes on. */
  async ended(): Promise<void> {
    const left = [...this.tabs];
    this.restarted();
    for (const each of left) await each.account.sendNow();
  }

  /** The browser was ended and is started anew: what is on its disk is all that is left. */
  restarted(): void {
    this.tabs.length = 0;
    this.app = null;
    this.locks.clear();
  }

  /** Every database with all that is in it, as text. */
  async disk(): Promise<string> {
    const wait = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    let text = '';
    for (const { name } of await indexedDB.databases()) {
      const db = await wait(indexedDB.open(name as string));
      text += `\n${name}:`;
      for (const store of db.objectStoreNames) {
        const from = db.transaction(store).objectStore(store);
        const values = await wait(from.getAll());
        text += JSON.stringify([await wait(from.getAllKeys()), values], (_, value: unknown) => (value instanceof Map ? [...value] : value));
      }
      db.close();
    }
    return text;
  }
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

async function unpacked(init: RequestInit): Promise<unknown> {
  const body = new Response(init.body ?? null);
  if ((init.headers as Record<string, string>)['content-encoding'] !== 'gzip') return body.json();
  return new Response((body.body as ReadableStream).pipeThrough(new DecompressionStream('gzip'))).json();
}

export const renew = (account: Account): Promise<string> => account.ask('loans.renew@1', { loan: 'l1' }, { title: 'Beloved' });

/** Resolves when `so` holds; what is asserted after it says what was missing when it never does. */
export async function until(so: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !so(); i += 1) await new Promise((soon) => setTimeout(soon, 5));
}
