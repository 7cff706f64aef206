/** How a page hears that it should ask: when it listens, how it comes back, and that it asks no more than it must. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HIDDEN_MS, listening, SILENT_MS, SPREAD_MS, WAIT_MOST_MS, WAIT_MS, type Ear, type Listening } from '../../../pwa/app/pokes.ts';
import { Browser } from './tabs.ts';

const BEAT = ':\n\n';

/** One stream as the library holds it. */
class Line {
  readonly headers: Record<string, string>;
  readonly reply: Response;
  open = true;
  private into!: ReadableStreamDefaultController<Uint8Array>;

  constructor(init: RequestInit) {
    this.headers = init.headers as Record<string, string>;
    const body = new ReadableStream<Uint8Array>({ start: (into) => void (this.into = into) });
    init.signal?.addEventListener('abort', () => {
      if (this.open) this.into.error(new DOMException('aborted', 'AbortError'));
      this.open = false;
    });
    this.reply = new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  say(text: string): void {
    this.into.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.open = false;
    this.into.close();
  }
}

class World implements Ear {
  readonly lines: Line[] = [];
  readonly asked: string[] = [];
  readonly heard: boolean[] = [];
  dice = 0.5;
  cur = '';
  locks: Ear['locks'] = null;
  /** In place of a stream. */
  instead: (() => Response) | null = null;
  calls = 0;

  fetch = async (path: string, init: RequestInit): Promise<Response> => {
    expect(path).toBe('/sync/1/events');
    this.calls += 1;
    if (this.instead) return this.instead();
    const line = new Line(init);
    this.lines.push(line);
    return line.reply;
  };
  random = (): number => this.dice;
  readTo = (): string => this.cur;
  poked = (cursor: string): number => this.asked.push(cursor);
  hears = (there: boolean): number => this.heard.push(there);

  get line(): Line {
    const last = this.lines.at(-1);
    if (!last) throw new Error('expected a stream, got none');
    return last;
  }
}

let world: World;
let ear: Listening;

beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
  ear = listening(world);
});

afterEach(() => {
  ear.left();
  vi.useRealTimers();
});

const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function begun(): Promise<Line> {
  ear.seen(true);
  ear.signedIn(true);
  await after(0);
  world.line.say('retry: 5000\n\n');
  await after(0);
  return world.line;
}

describe('when a page listens', () => {
  test('only while it is seen and somebody is signed in', async () => {
    ear.seen(true);
    await after(0);
    expect(world.calls).toBe(0);
    ear.signedIn(true);
    await after(0);
    expect(world.calls).toBe(1);
    ear.signedIn(false);
    expect(world.line.open).toBe(false);
  });

  test('it goes on while it is hidden for a moment, and stops when that lasts', async () => {
    const line = await begun();
    const hiddenFor = async (ms: number): Promise<void> => {
      ear.seen(false);
      await after(ms / 2);
      line.say(BEAT);
      await after(ms / 2);
    };
    await hiddenFor(HIDDEN_MS - 2);
    ear.seen(true);
    line.say(BEAT);
    await after(SILENT_MS - 1);
    expect([line.open, world.calls]).toEqual([true, 1]);
    line.say(BEAT);
    await hiddenFor(HIDDEN_MS);
    expect(line.open).toBe(false);
    expect(world.heard.at(-1)).toBe(false);
    ear.seen(true);
    await after(0);
    expect(world.calls).toBe(2);
  });

  test('a page that is put away lets go at once', async () => {
    const line = await begun();
    ear.left();
    expect(line.open).toBe(false);
  });

  test('without a network it does not try, and with one it does at once', async () => {
    const line = await begun();
    ear.network(false);
    expect(line.open).toBe(false);
    await after(WAIT_MOST_MS);
    expect(world.calls).toBe(1);
    ear.network(true);
    await after(0);
    expect(world.calls).toBe(2);
  });

  test('one tab listens for all, and the next one when it stops', async () => {
    let held = false;
    const waiting: (() => void)[] = [];
    const locks = {
      request: async (_: string, options: LockOptions, work: () => Promise<void>) => {
        if (held) {
          await new Promise<void>((resolve, reject) => {
            waiting.push(resolve);
            options.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
          });
        }
        held = true;
        await work();
        held = false;
        waiting.shift()?.();
      },
    } as unknown as Ear['locks'];
    world.locks = locks;
    const otherWorld = new World();
    otherWorld.locks = locks;
    const other = listening(otherWorld);
    const line = await begun();
    other.seen(true);
    other.signedIn(true);
    await after(WAIT_MOST_MS / 5);
    expect([world.calls >= 1, otherWorld.calls]).toEqual([true, 0]);
    expect(line.headers['accept']).toBe('text/event-stream');
    ear.left();
    await after(0);
    expect(otherWorld.calls).toBe(1);
    other.left();
  });
});

describe('what is heard', () => {
  test('a poke makes the page ask, soon and once', async () => {
    const line = await begun();
    line.say('id: 7.abc\ndata: {"me":7}\n\n');
    await after(SPREAD_MS);
    expect(world.asked).toEqual(['7.abc']);
    await after(SILENT_MS / 2);
    expect(world.asked).toEqual(['7.abc']);
  });

  test('a poke of what has been read meanwhile makes nobody ask', async () => {
    const line = await begun();
    line.say('id: 7.abc\ndata: {"me":7}\n\n');
    await after(0);
    world.cur = '7.abc';
    await after(SPREAD_MS);
    expect(world.asked).toEqual([]);
  });

  test('a poke that comes in pieces is one poke', async () => {
    const line = await begun();
    for (const piece of ['i', 'd: 7.a', 'bc', '\nda', 'ta: {"me":7}\n', '\n']) {
      line.say(piece);
      await after(0);
    }
    await after(SPREAD_MS);
    expect(world.asked).toEqual(['7.abc']);
  });

  test('the library is told how far the page has read', async () => {
    world.cur = '5.def';
    expect((await begun()).headers['last-event-id']).toBe('5.def');
  });

  test('the page knows whether pokes come', async () => {
    ear.seen(true);
    ear.signedIn(true);
    await after(0);
    expect(world.heard).toEqual([]);
    world.line.say(BEAT);
    await after(0);
    expect(world.heard).toEqual([true]);
    world.line.end();
    await after(0);
    expect(world.heard).toEqual([true, false]);
  });
});

describe('when a stream ends', () => {
  test('the next is opened after a random time', async () => {
    const line = await begun();
    line.say(BEAT);
    await after(0);
    line.end();
    await after(WAIT_MS * world.dice - 1);
    expect(world.calls).toBe(1);
    await after(1);
    expect(world.calls).toBe(2);
  });

  test('each failure doubles the time, up to five minutes, and a stream that lasts begins anew', async () => {
    world.instead = () => new Response('', { status: 502 });
    ear.seen(true);
    ear.signedIn(true);
    await after(0);
    for (let failure = 1; failure <= 8; failure += 1) {
      const most = Math.min(WAIT_MOST_MS, WAIT_MS * 2 ** failure);
      expect(world.calls).toBe(failure);
      await after(most * world.dice - 1);
      expect(world.calls).toBe(failure);
      await after(1);
    }
    world.instead = null;
    await after(WAIT_MOST_MS * world.dice);
    world.line.say('retry: 5000\n\n');
    await after(0);
    world.line.say(BEAT);
    await after(0);
    const calls = world.calls;
    world.line.end();
    await after(WAIT_MS * world.dice);
    expect(world.calls).toBe(calls + 1);
  });

  test('the library says when to come back, and is not asked before', async () => {
    world.instead = () => new Response('', { status: 503, headers: { 'retry-after': '60' } });
    ear.seen(true);
    ear.signedIn(true);
    await after(59_999);
    expect(world.calls).toBe(1);
    await after(1);
    expect(world.calls).toBe(2);
  });

  test('a library that does not know who asks is asked again when somebody has signed in', async () => {
    world.instead = () => new Response('', { status: 401 });
    ear.seen(true);
    ear.signedIn(true);
    await after(2 * WAIT_MOST_MS);
    expect(world.calls).toBe(1);
    ear.signedIn(false);
    ear.signedIn(true);
    await after(0);
    expect(world.calls).toBe(2);
  });

  test('a stream without a sign of life is given up', async () => {
    const line = await begun();
    await after(SILENT_MS - 1);
    line.say(BEAT);
    await after(SILENT_MS - 1);
    expect(line.open).toBe(true);
    await after(1);
    expect(line.open).toBe(false);
    await after(WAIT_MS * 2);
    expect(world.calls).toBe(2);
  });

  test('a page in between that is no stream is not listened to', async () => {
    world.instead = () => new Response('<h1>Welcome to our café</h1>', { headers: { 'content-type': 'text/html' } });
    ear.seen(true);
    ear.signedIn(true);
    await after(0);
    expect(world.heard).toEqual([false]);
    expect(world.asked).toEqual([]);
  });
});

describe('what the account makes of it', () => {
  let browser: Browser;

  beforeEach(() => {
    vi.useRealTimers();
    browser = new Browser();
  });

  afterEach(() => {
    browser.library.there = false;
    for (const { account } of browser.tabs) account.network(false);
  });

  const asks = (): number => browser.library.requests.length;
  const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

  async function signedIn() {
    const { account } = await browser.tab();
    expect(await account.signIn('p1')).toBe('in');
    return account;
  }

  test('a poke makes it ask the library', async () => {
    const account = await signedIn();
    const before = asks();
    account.poked('c2');
    await vi.waitFor(() => expect(asks()).toBe(before + 1));
    await quiet();
    expect(asks()).toBe(before + 1);
  });

  test('a poke of what it has read already does not', async () => {
    const account = await signedIn();
    const before = asks();
    expect(account.readTo()).toBe('c1');
    account.poked('c1');
    await quiet();
    expect(asks()).toBe(before);
  });

  test('a poke while a request is on its way is answered by that request, or by one more', async () => {
    const account = await signedIn();
    for (const [cursor, more] of [['c1', 1], ['c9', 2]] as const) {
      const before = asks();
      browser.library.instead = () => {
        account.poked(cursor);
        browser.library.instead = null;
        return undefined;
      };
      await account.sendNow();
      await quiet();
      expect(asks(), cursor).toBe(before + more);
    }
  });

  test('while pokes come it asks seldom, and when they cease as often as before', async () => {
    const account = await signedIn();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const waits = (): number[] => timers.mock.calls.map(([, ms]) => ms ?? 0).filter((ms) => ms > 21_000);
    account.hears(true);
    await account.sendNow();
    expect(waits()).toEqual([300_000]);
    timers.mockClear();
    account.hears(false);
    expect(waits()).toEqual([45_000]);
    timers.mockRestore();
  });
});
