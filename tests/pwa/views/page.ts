/**
 * The whole app in a made-up page: its own `main.tsx` with frame, routes, account and announcer, over a made-up disk,
 * network and clock. A test asks it by role and name, as a reader would.
 *
 * The page's clock goes only when a test lets it go, and what is asked of disk and network is done within a few turns
 * of the event loop; so nothing here depends on how fast the machine is.
 */
import 'fake-indexeddb/auto';
import { screen, within } from '@testing-library/dom';
import { userEvent } from '@testing-library/user-event';
import { IDBFactory } from 'fake-indexeddb';
import { expect, inject, vi } from 'vitest';
import { ANNOUNCER } from '../../../pwa/app/announcer.ts';
import type { Account } from '../../../pwa/app/account.ts';
import { AT, WholeLibrary } from './library.ts';

type Opened = typeof import('./opened.ts');

/** Longer than any sentence waits for the one before it, or for a pause in typing; milliseconds. */
const ALL_SAID_MS = 5_000;
/** Longer than drawing and one exchange with the library take; milliseconds. */
const AT_REST_MS = 200;
const STEP_MS = 20;
/** Steps of the disk and the network that nothing on the page waits longer for. */
const TURNS = 8;

const run = new Function(`${inject('wholeApp')}\nreturn wholeApp;`) as () => Opened;

/** Let disk and network do what they were asked; the clock stands still. */
async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i += 1) await new Promise((done) => setImmediate(done));
}

/** Let time pass on the page, and disk and network keep up with it. */
export async function pass(ms: number): Promise<void> {
  await turns();
  for (let gone = 0; gone < ms; gone += STEP_MS) {
    vi.advanceTimersByTime(STEP_MS);
    await turns();
  }
}

/** A browser that starts no worker: search goes on at the library. */
class NoWorker extends EventTarget {
  constructor() {
    super();
    setTimeout(() => this.dispatchEvent(new Event('error')), 0);
  }
  postMessage(): void {}
  terminate(): void {}
}

let there = true;
let opened: Opened | null = null;
const listening: [EventTarget, string, EventListenerOrEventListenerObject | null][] = [];

/** Remember what the app listens to, so that it stops with its page. */
function rememberListeners(target: Window | Document): void {
  const listen = target.addEventListener.bind(target);
  vi.spyOn(target as EventTarget, 'addEventListener').mockImplementation((name, listener, options) => {
    listening.push([target, name, listener]);
    listen(name, listener as EventListener, options);
  });
}

export class Page {
  readonly library: WholeLibrary;
  readonly account: Account;
  /** A person with a pointer and a keyboard. */
  readonly hand = userEvent.setup({ delay: null });
  /** Every sentence of the announcer, in order. */
  private readonly said: string[] = [];

  private constructor(library: WholeLibrary, account: Account) {
    this.library = library;
    this.account = account;
    const region = document.getElementById(ANNOUNCER) as HTMLElement;
    new MutationObserver(() => this.said.push(read(region))).observe(region, { childList: true, characterData: true, subtree: true });
  }

  /** A page that is opened at an address, on a disk that may hold something already. */
  static async open(address: string, library = new WholeLibrary()): Promise<Page> {
    history.replaceState(null, '', address);
    document.title = '';
    document.body.innerHTML = '<div id="app"></div>';
    vi.stubGlobal('fetch', (path: string, init?: RequestInit) => library.fetch(path, init));
    opened = run();
    await pass(AT_REST_MS);
    return new Page(library, opened.account);
  }

  /** A page that is opened for the first time, where there is no network. */
  static async openOffline(address: string, library = new WholeLibrary()): Promise<Page> {
    there = false;
    library.there = false;
    return Page.open(address, library);
  }

  /** The same device and disk, with the page closed and opened again. */
  async again(address: string): Promise<Page> {
    await close();
    return Page.open(address, this.library);
  }

  /** The network goes, and stays away until that has been said. Returns all that was said by then. */
  async offline(): Promise<string[]> {
    there = false;
    this.library.there = false;
    dispatchEvent(new Event('offline'));
    return this.hear();
  }

  /** The network is back, and what waited is sent. */
  async online(): Promise<void> {
    there = true;
    this.library.there = true;
    dispatchEvent(new Event('online'));
    await this.rest();
  }

  /** Let everything that was begun come to its end. */
  async rest(): Promise<void> {
    await pass(AT_REST_MS);
  }

  /** Let the app say all that it has to say. Returns what it said since it was last asked. */
  async hear(): Promise<string[]> {
    await pass(ALL_SAID_MS);
    return this.said.splice(0);
  }

  async tap(role: string, name: string | RegExp): Promise<void> {
    await this.hand.click(screen.getByRole(role, { name }));
    await this.rest();
  }

  /** Follow a link of the page's own places, wherever it stands. */
  async go(address: string): Promise<void> {
    await this.hand.click(document.querySelector(`a[href="${address}"]`) as HTMLElement);
    await this.rest();
  }

  /** The browser's own way back. */
  async back(): Promise<void> {
    const came = new Promise((done) => addEventListener('popstate', done, { once: true }));
    history.back();
    await came;
    await this.rest();
  }

  async type(into: string | RegExp, text: string): Promise<void> {
    await this.hand.type(screen.getByLabelText(into), text);
    await this.rest();
  }
}

async function close(): Promise<void> {
  await turns();
  const into = document.getElementById('app');
  if (into) opened?.render(null, into);
  for (const [target, name, listener] of listening.splice(0)) target.removeEventListener(name, listener);
  vi.clearAllTimers();
}

/** A new device with an empty disk, on the day of the tests; call it before each test. */
export function newDevice(): void {
  there = true;
  globalThis.indexedDB = new IDBFactory();
  localStorage.clear();
  vi.useFakeTimers({
    now: AT,
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'requestAnimationFrame', 'cancelAnimationFrame', 'performance'],
  });
  vi.stubGlobal('Worker', NoWorker);
  vi.stubGlobal('BroadcastChannel', undefined);
  // Compresses in a thread of its own, whose turns nobody counts.
  vi.stubGlobal('CompressionStream', undefined);
  vi.stubGlobal('scrollTo', () => undefined);
  rememberListeners(window);
  rememberListeners(document);
  vi.spyOn(navigator, 'onLine', 'get').mockImplementation(() => there);
}

/** Nothing of one test goes on in the next; call it after each. */
export async function putDown(): Promise<void> {
  await close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
}

/** Whether the browser can keep what it is given. */
export function fillTheDisk(): void {
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('the disk is full', 'QuotaExceededError');
  });
}

function listItem(heading: string | RegExp): HTMLElement {
  const found = screen.getAllByRole('listitem').filter((each) => within(each).queryByRole('heading', { name: heading }));
  expect(found.map(read)).toHaveLength(1);
  return found[0] as HTMLElement;
}

/** Everything that can be asked of one entry of a list: the one under this heading. */
export function entry(heading: string | RegExp): ReturnType<typeof within> {
  return within(listItem(heading));
}

/** What the entry of a list says, as one line. */
export function told(heading: string | RegExp): string {
  return read(listItem(heading));
}

/** The text of an element as it is read: without what is decoration. */
export function read(element: Element): string {
  const copy = element.cloneNode(true) as Element;
  for (const decoration of copy.querySelectorAll('[aria-hidden="true"]')) decoration.remove();
  for (const block of copy.querySelectorAll('p, h1, h2, h3, h4, li, dt, dd, button, a, td, th, label, legend')) block.append(' ');
  return (copy.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** The text of everything that has a role, in the order of the page. */
export function texts(role: string): string[] {
  return screen.queryAllByRole(role).map(read);
}

/** What the line about the network says. */
export function connection(): string {
  return read(screen.getByRole('region', { name: 'Connection' }));
}

/** A part of the page: the landmark of that name, or what stands under that heading. */
export function section(name: string): HTMLElement {
  const landmark = screen.queryByRole('region', { name });
  return landmark ?? (screen.getByRole('heading', { level: 2, name }).closest('section') as HTMLElement);
}

/** What a part of the page says. */
export function part(name: string): string {
  return read(section(name));
}

/** Whether the page has such a part. */
export function hasPart(name: string): boolean {
  return screen.queryByRole('heading', { level: 2, name }) !== null;
}

/** What stands in the page itself, without what stands around every page. */
export function page(): string {
  return read(screen.getByRole('main'));
}

/** A device on which somebody is signed in and everything of theirs has been read, at an address of the app. */
export async function signedIn(address: string, library = new WholeLibrary()): Promise<Page> {
  const first = await Page.open('/sign-in', library);
  await first.tap('button', 'Sign in as Amina Yusuf');
  expect(first.account.status.value).toBe('signed-in');
  return first.again(address);
}
