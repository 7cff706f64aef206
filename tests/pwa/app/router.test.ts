// @vitest-environment jsdom
/** Where title, focus and scroll go when the address changes. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let router: typeof import('../../../pwa/app/router.ts');
let browserFollows = false;
const scrolled = vi.fn<(x: number, y: number) => void>();

const listening: [string, EventListener][] = [];
const listen = window.addEventListener.bind(window);

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal('addEventListener', (name: string, listener: EventListener, options?: AddEventListenerOptions) => {
    listening.push([name, listener]);
    listen(name, listener, options);
  });
  vi.stubGlobal('scrollTo', scrolled);
  vi.stubGlobal('CSS', { escape: (text: string) => text.replace(/["\\#.:/]/g, (sign) => `\\${sign}`) });
  scrolled.mockReset();
  history.replaceState(null, '', '/');
  document.body.innerHTML = '<nav><a id="places" href="/loans">Loans</a></nav><main id="main"><h1 tabindex="-1">Today</h1></main>';
  router = await import('../../../pwa/app/router.ts');
  // After the router has had its say: whether the browser would have followed the link.
  browserFollows = false;
  addEventListener('click', (event) => {
    browserFollows = !event.defaultPrevented;
    event.preventDefault();
  });
});

afterEach(() => {
  for (const [name, listener] of listening.splice(0)) window.removeEventListener(name, listener);
  vi.unstubAllGlobals();
});

function draw(html: string): void {
  (document.querySelector('main') as HTMLElement).innerHTML = html;
}

const focused = (): string => document.activeElement?.textContent ?? '';

function click(selector: string, init: MouseEventInit = {}): void {
  const link = document.querySelector<HTMLElement>(selector) as HTMLElement;
  link.focus();
  link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, button: 0, ...init }));
}

async function back(): Promise<void> {
  const came = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
  history.back();
  await came;
}

test('the first view sets its title and leaves the focus to the browser', () => {
  router.arrived('Today - Carrel');
  expect(document.title).toBe('Today - Carrel');
  expect(document.activeElement).toBe(document.body);
});

test('a link goes to the address, and the heading of its view takes the focus', () => {
  router.arrived('Today - Carrel');
  click('nav a');
  expect(browserFollows).toBe(false);
  expect(router.path.value).toBe('/loans');
  draw('<h1 tabindex="-1">Loans</h1>');
  router.arrived('Loans - Carrel');
  expect(focused()).toBe('Loans');
  expect(scrolled).toHaveBeenLastCalledWith(0, 0);
});

test('a heading that has to be read first takes the focus when it comes', async () => {
  router.arrived('Today - Carrel');
  click('nav a');
  draw('<p>Reading</p>');
  router.arrived('Record - Carrel');
  draw('<h1 tabindex="-1">Beloved</h1>');
  await vi.waitFor(() => expect(focused()).toBe('Beloved'));
});

test('a heading that comes late does not call back who has gone on', async () => {
  router.arrived('Today - Carrel');
  click('nav a');
  draw('<p>Reading</p><input id="q">');
  router.arrived('Search - Carrel');
  document.getElementById('q')?.focus();
  document.querySelector('main')?.insertAdjacentHTML('afterbegin', '<h1 tabindex="-1">Search</h1>');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(document.activeElement?.id).toBe('q');
});

test('back returns to the row that was left, also when it has to be found again first', async () => {
  draw('<h1 tabindex="-1">Search</h1><a href="/records/b2">Jazz</a><a href="/records/b1">Beloved</a>');
  router.arrived('Search - Carrel');
  Object.defineProperty(window, 'scrollY', { value: 480, configurable: true });
  click('main a[href="/records/b1"]');
  draw('<h1 tabindex="-1">Beloved</h1>');
  router.arrived('Beloved - Carrel');
  Object.defineProperty(window, 'scrollY', { value: 0, configurable: true });
  await back();
  draw('<h1 tabindex="-1">Search</h1>');
  router.arrived('Search - Carrel');
  draw('<h1 tabindex="-1">Search</h1><a href="/records/b2">Jazz</a><a href="/records/b1">Beloved</a>');
  await vi.waitFor(() => expect(focused()).toBe('Beloved'));
  expect(scrolled).toHaveBeenLastCalledWith(0, 480);
});

test('searching on in the same view moves neither focus nor page', () => {
  draw('<h1 tabindex="-1">Search</h1><input id="q">');
  router.arrived('Search - Carrel');
  document.getElementById('q')?.focus();
  const steps = history.length;
  router.navigate('/?q=belo', true);
  expect(router.query.value.get('q')).toBe('belo');
  expect(history.length).toBe(steps);
  expect(document.activeElement?.id).toBe('q');
});

test.each<[string, MouseEventInit]>([
  ['with a key held', { ctrlKey: true }],
  ['with the middle button', { button: 1 }],
])('a link followed %s is the browser’s', (_, init) => {
  click('nav a', init);
  expect(browserFollows).toBe(true);
  expect(router.path.value).toBe('/');
});

test.each(['https://example.org/loans', '#main', '/loans" target="_blank'])('the link %s is the browser’s', (href) => {
  draw(`<h1>Today</h1><a id="out" href="${href}">out</a>`);
  click('#out');
  expect(browserFollows).toBe(true);
  expect(router.path.value).toBe('/');
});

test('once another version has taken over, links load the page anew', () => {
  router.arrived('Today - Carrel');
  router.loadAnewNext();
  click('nav a');
  expect(browserFollows).toBe(true);
  expect(router.path.value).toBe('/');
});
