/**
 * One way to drive Chromium and Firefox: what a person can do (open, tap, type, press a key, read), each on
 * elements found by role and name as assistive technology would. Profiles persist, so that a browser can be
 * closed and opened again from cold.
 */
import { spawnSync } from 'node:child_process';
import { chromium, type BrowserContext, type ElementHandle as ChromiumElement, type Page as ChromiumPage } from 'playwright-core';
import puppeteer, { type Browser as PuppeteerBrowser, type ElementHandle, type KeyInput, type Page as PuppeteerPage } from 'puppeteer-core';

export type Kind = 'chromium' | 'firefox';
export const KINDS: Kind[] = ['chromium', 'firefox'];

const CHROMIUM_FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

function program(setting: string, names: string[]): string {
  const named = process.env[setting];
  for (const name of named ? [named] : names) {
    const found = spawnSync('/bin/sh', ['-c', `command -v "${name}"`], { encoding: 'utf8' });
    if (found.status === 0) return found.stdout.trim();
  }
  throw new Error(`there is no ${names.join(' or ')} on this machine; make test installs it or says how`);
}
export const chromiumProgram = (): string => program('CARREL_CHROMIUM', ['chromium', 'chromium-browser', 'google-chrome']);
export const firefoxProgram = (): string => program('CARREL_FIREFOX', ['firefox-esr', 'firefox']);

export interface Wanted {
  role: string;
  /** The whole accessible name, or a pattern for it. Left out: any. */
  name?: string | RegExp;
  /** Only inside this element. */
  within?: string;
}

interface Sought {
  role: string;
  name: string | null;
  pattern: string | null;
  flags: string;
  within: string;
}

/** Runs in the page: the visible elements with that role and name, in the order of the document. */
function seek(sought: Sought): Element[] {
  const implicit: Record<string, string> = {
    link: 'a[href]',
    button: 'button,summary,input[type=submit],input[type=button]',
    heading: 'h1,h2,h3,h4,h5,h6',
    textbox: 'input:not([type]),input[type=text],input[type=email],input[type=tel],textarea',
    searchbox: 'input[type=search]',
    checkbox: 'input[type=checkbox]',
    radio: 'input[type=radio]',
    combobox: 'select',
    listitem: 'li',
    list: 'ul,ol',
    main: 'main',
    navigation: 'nav',
    article: 'article',
    region: 'section',
    status: 'output',
    group: 'fieldset',
  };
  const hidden = (element: Element): boolean => {
    if (element.closest('[aria-hidden="true"],[hidden],[inert]')) return true;
    const box = element.getClientRects();
    return box.length === 0 || getComputedStyle(element).visibility === 'hidden';
  };
  const words = (node: Node): string => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? '';
    if (!(node instanceof Element)) return '';
    if (node.getAttribute('aria-hidden') === 'true' || node instanceof SVGElement) return '';
    const label = node.getAttribute('aria-label');
    if (label) return label;
    if (node instanceof HTMLImageElement) return node.alt;
    const inner = [...node.childNodes].map(words).join('');
    return getComputedStyle(node).display === 'inline' ? inner : ` ${inner} `;
  };
  const named = (element: Element): string => {
    const by = element.getAttribute('aria-labelledby');
    if (by) {
      return by
        .split(/\s+/)
        .map((id) => document.getElementById(id))
        .map((part) => (part ? words(part) : ''))
        .join(' ');
    }
    const label = element.getAttribute('aria-label');
    if (label) return label;
    const labels = (element as HTMLInputElement).labels;
    if (labels && labels.length > 0) return [...labels].map(words).join(' ');
    return words(element);
  };
  const pattern = sought.pattern === null ? null : new RegExp(sought.pattern, sought.flags);
  const css = [`[role="${sought.role}"]`, implicit[sought.role]].filter(Boolean).join(',');
  const root = sought.within ? document.querySelector(sought.within) : document;
  return [...(root?.querySelectorAll(css) ?? [])].filter((element) => {
    const own = element.getAttribute('role');
    if (own && own !== sought.role) return false;
    if (hidden(element)) return false;
    const name = named(element).replace(/\s+/g, ' ').trim();
    if (pattern) return pattern.test(name);
    return sought.name === null || name === sought.name;
  });
}
const SEEK = seek.toString();

function soughtFor(wanted: Wanted): Sought {
  const exact = typeof wanted.name === 'string' ? wanted.name.replace(/\s+/g, ' ').trim() : null;
  return {
    role: wanted.role,
    name: exact,
    pattern: wanted.name instanceof RegExp ? wanted.name.source : null,
    flags: wanted.name instanceof RegExp ? wanted.name.flags : '',
    within: wanted.within ?? '',
  };
}

interface Handle {
  click(): Promise<void>;
  focus(): Promise<void>;
}

/** The few things the two protocols must do; everything else is written once, in Tab. */
interface Bare {
  go(url: string): Promise<void>;
  reload(): Promise<void>;
  run(source: string, argument: unknown): Promise<unknown>;
  handle(source: string, argument: unknown): Promise<Handle | null>;
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  close(): Promise<void>;
}

export const PATIENCE_MS = 15_000;

/** One open page, with everything a person could say went wrong in it. */
export class Tab {
  readonly kind: Kind;
  readonly origin: string;
  /** Refusals of the content security policy and uncaught faults, as they were told. */
  readonly faults: string[] = [];
  private readonly bare: Bare;

  constructor(kind: Kind, origin: string, bare: Bare) {
    this.kind = kind;
    this.origin = origin;
    this.bare = bare;
  }

  async go(path: string): Promise<void> {
    await this.bare.go(this.origin + path);
  }

  async reload(): Promise<void> {
    await this.bare.reload();
  }

  /** What a function returns in the page; it may use nothing but its argument. */
  async read<A, T>(look: (argument: A) => T | Promise<T>, argument: A): Promise<Awaited<T>> {
    return (await this.bare.run(look.toString(), argument)) as Awaited<T>;
  }

  /** Waits until a function in the page returns something truthy, and returns that. */
  async until<A, T>(why: string, look: (argument: A) => T | Promise<T>, argument: A, patience_ms = PATIENCE_MS): Promise<NonNullable<Awaited<T>>> {
    const deadline = Date.now() + patience_ms;
    let fault: unknown = null;
    for (;;) {
      try {
        const seen = await this.read(look, argument);
        if (seen) return seen as NonNullable<Awaited<T>>;
        fault = null;
      } catch (reason) {
        fault = reason; // the page is between two documents
      }
      if (Date.now() > deadline) {
        const page = await this.describe();
        throw new Error(`${this.kind}: waited ${patience_ms / 1000} s in vain: ${why}${fault ? ` (${String(fault)})` : ''}\n${page}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  /** Address, title and text, for the reader of a failed test. */
  async describe(): Promise<string> {
    try {
      const seen = await this.read(() => `${location.href} · ${document.title}\n${document.body?.innerText ?? ''}`, null);
      return `${seen.slice(0, 4_000)}\n${this.faults.slice(-10).join('\n')}`;
    } catch (reason) {
      return String(reason);
    }
  }

  async text(): Promise<string> {
    return this.read(() => document.body.innerText.replace(/\s+/g, ' '), null);
  }

  async shows(words: string, patience_ms = PATIENCE_MS): Promise<void> {
    const wanted = words.replace(/\s+/g, ' ').trim();
    await this.until(
      `the page shows “${wanted}”`,
      (text) => document.body.innerText.replace(/\s+/g, ' ').includes(text),
      wanted,
      patience_ms,
    );
  }

  async hides(words: string, patience_ms = PATIENCE_MS): Promise<void> {
    const gone = words.replace(/\s+/g, ' ').trim();
    await this.until(
      `the page shows “${gone}” no longer`,
      (text) => !document.body.innerText.replace(/\s+/g, ' ').includes(text),
      gone,
      patience_ms,
    );
  }

  async count(wanted: Wanted): Promise<number> {
    return (await this.bare.run(`(sought) => (${SEEK})(sought).length`, soughtFor(wanted))) as number;
  }

  /** Names of the visible elements with that role, in the order of the document. */
  async names(wanted: Wanted): Promise<string[]> {
    const source = `(sought) => (${SEEK})(sought).map((e) => (e.getAttribute('aria-label') || e.textContent || '').replace(/\\s+/g, ' ').trim())`;
    return (await this.bare.run(source, soughtFor(wanted))) as string[];
  }

  /** Waits for an element and returns a grip on the first. */
  async find(wanted: Wanted, patience_ms = PATIENCE_MS): Promise<Handle> {
    const sought = soughtFor(wanted);
    const what = `${wanted.role} “${wanted.name ?? ''}”`;
    const deadline = Date.now() + patience_ms;
    for (;;) {
      const found = await this.bare.handle(`(sought) => (${SEEK})(sought)[0] ?? null`, sought).catch(() => null);
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`${this.kind}: there is no ${what}\n${await this.describe()}`);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  async click(role: string, name: string | RegExp, within?: string): Promise<void> {
    const wanted: Wanted = within === undefined ? { role, name } : { role, name, within };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (await this.find(wanted)).click();
        return;
      } catch (reason) {
        // the page drew the element anew between finding and tapping it
        if (attempt === 3) throw reason;
      }
    }
  }

  async fill(role: string, name: string | RegExp, text: string): Promise<void> {
    await (await this.find({ role, name })).focus();
    await this.read(() => {
      const box = document.activeElement;
      if (box instanceof HTMLInputElement || box instanceof HTMLTextAreaElement) box.select();
    }, null);
    if (text === '') await this.bare.press('Backspace');
    else await this.bare.type(text);
  }

  async press(key: string): Promise<void> {
    await this.bare.press(key);
  }

  async type(text: string): Promise<void> {
    await this.bare.type(text);
  }

  /** Tag, role and name of the element with the focus. */
  async focused(): Promise<{ tag: string; name: string; href: string }> {
    return this.read(() => {
      const element = document.activeElement;
      const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
      const name = element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '';
      return {
        tag: element?.tagName.toLowerCase() ?? '',
        name: name.replace(/\s+/g, ' ').trim(),
        href: element?.getAttribute('href') ?? '',
      };
    }, null);
  }

  /** Presses Tab, or Shift and Tab, until the focus is on an element with that name. */
  async tabTo(name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab', most = 80): Promise<void> {
    const passed: string[] = [];
    for (let step = 0; step < most; step += 1) {
      await this.bare.press(key);
      const at = await this.focused();
      passed.push(at.name.slice(0, 50));
      if (typeof name === 'string' ? at.name === name : name.test(at.name)) return;
    }
    throw new Error(`${this.kind}: ${most} presses of ${key} do not reach ${name}; passed: ${passed.join(' | ')}`);
  }

  async close(): Promise<void> {
    await this.bare.close();
  }

  /** The page of playwright, for what only Chromium's own protocol can do. */
  chromium(): ChromiumPage {
    const page = (this.bare as { page?: unknown }).page;
    if (this.kind !== 'chromium' || !page) throw new Error('only Chromium can do this');
    return page as ChromiumPage;
  }
}

/** Runs before every document: a refused load or call is said on the console, where the driver hears it. */
const LISTEN = (): void => {
  addEventListener('securitypolicyviolation', (event) => {
    console.error(`[policy] ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
  });
};

const WATCH = (selector: string): void => {
  const look = (): void => {
    if (!document.querySelector(selector)?.textContent?.trim()) return;
    watcher.disconnect();
    requestAnimationFrame((at) => {
      (window as unknown as { shownAt: number }).shownAt = Math.max(at, performance.now());
    });
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document, { childList: true, subtree: true, characterData: true });
};

function isFault(type: string, text: string): boolean {
  if (/content.security.policy|\[policy\]|trusted type/i.test(text)) return true;
  if (type !== 'error') return false;
  // a stopped server is part of the journeys: the browser's own line about it is not the app's fault
  return !/Failed to load resource|downloadable font: download failed|net::ERR|NetworkError|status of 4\d\d|status of 5\d\d/i.test(text);
}

export interface Browser {
  readonly kind: Kind;
  open(path: string): Promise<Tab>;
  /** Every fault of every page so far. */
  faults(): string[];
  /** Closes the whole browser; the profile stays. */
  close(): Promise<void>;
}

export interface Options {
  width?: number;
  height?: number;
  /** Firefox only: preferences beside the usual ones. */
  preferences?: Record<string, string | number | boolean>;
  /** 'block': nothing is cached, every file is fetched; Chromium only. */
  serviceWorkers?: 'allow' | 'block';
  /** `window.shownAt` becomes the time of the first frame in which this selector has words; Chromium only. */
  shownWhen?: string;
}

const running = new Set<Browser>();

/** Closes whatever a failed journey has left open. */
export async function closeAll(): Promise<void> {
  await Promise.allSettled([...running].map((browser) => browser.close()));
}

export async function launch(kind: Kind, profile: string, origin: string, options: Options = {}): Promise<Browser> {
  const started = kind === 'chromium' ? await launchChromium(profile, origin, options) : await launchFirefox(profile, origin, options);
  running.add(started);
  return started;
}

async function launchChromium(profile: string, origin: string, options: Options): Promise<Browser> {
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumProgram(),
    args: CHROMIUM_FLAGS,
    viewport: { width: options.width ?? 390, height: options.height ?? 844 },
    locale: 'en-GB',
    timezoneId: 'Europe/London',
    serviceWorkers: options.serviceWorkers ?? 'allow',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(LISTEN);
  if (options.shownWhen) await context.addInitScript(WATCH, options.shownWhen);
  const tabs: Tab[] = [];
  const browser: Browser = {
    kind: 'chromium',
    async open(path) {
      const blank = context.pages().find((page) => page.url() === 'about:blank');
      const page = blank ?? (await context.newPage());
      const bare: Bare & { page: ChromiumPage } = {
        page,
        go: async (url) => void (await page.goto(url, { waitUntil: 'domcontentloaded' })),
        reload: async () => void (await page.reload({ waitUntil: 'domcontentloaded' })),
        run: (source, argument) => page.evaluate(`(${source})(${JSON.stringify(argument)})`),
        handle: async (source, argument) => {
          const handle = await page.evaluateHandle(`(${source})(${JSON.stringify(argument)})`);
          const element = handle.asElement() as ChromiumElement | null;
          if (!element) return null;
          return { click: () => element.click({ timeout: 5_000 }), focus: () => element.focus() };
        },
        press: (key) => page.keyboard.press(key),
        type: (text) => page.keyboard.type(text),
        close: () => page.close(),
      };
      const tab = new Tab('chromium', origin, bare);
      page.on('console', (message) => {
        if (isFault(message.type(), message.text())) tab.faults.push(message.text());
      });
      page.on('pageerror', (fault) => tab.faults.push(String(fault.stack ?? fault)));
      tabs.push(tab);
      await tab.go(path);
      return tab;
    },
    faults: () => tabs.flatMap((tab) => tab.faults),
    async close() {
      running.delete(browser);
      await context.close();
    },
  };
  return browser;
}

async function launchFirefox(profile: string, origin: string, options: Options): Promise<Browser> {
  const firefox: PuppeteerBrowser = await puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath: firefoxProgram(),
    headless: true,
    userDataDir: profile,
    defaultViewport: { width: options.width ?? 390, height: options.height ?? 844 },
    env: { ...process.env, TZ: 'Europe/London' },
    extraPrefsFirefox: { 'intl.locale.requested': 'en-GB', 'intl.accept_languages': 'en-GB, en', ...options.preferences },
  });
  const tabs: Tab[] = [];
  const browser: Browser = {
    kind: 'firefox',
    async open(path) {
      const page: PuppeteerPage = await firefox.newPage();
      await page.evaluateOnNewDocument(LISTEN);
      const bare: Bare = {
        go: async (url) => void (await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 30_000 })),
        reload: async () => void (await page.reload({ waitUntil: 'domcontentloaded', timeout: 30_000 })),
        run: (source, argument) => page.evaluate(`(${source})(${JSON.stringify(argument)})`),
        handle: async (source, argument) => {
          const handle = await page.evaluateHandle(`(${source})(${JSON.stringify(argument)})`);
          const element = handle.asElement() as ElementHandle | null;
          if (!element) return null;
          const click = async (): Promise<void> => {
            // puppeteer scrolls only until the element is in the window, where the bar at the bottom may lie over it
            await element.evaluate((each) => (each as unknown as { scrollIntoView(how: object): void }).scrollIntoView({ block: 'center' }));
            await element.click();
          };
          return { click, focus: () => element.focus() };
        },
        press: async (key) => {
          const keys = key.split('+') as KeyInput[];
          const last = keys.pop() ?? 'Tab';
          for (const held of keys) await page.keyboard.down(held);
          await page.keyboard.press(last);
          for (const held of keys.reverse()) await page.keyboard.up(held);
        },
        type: (text) => page.keyboard.type(text),
        close: () => page.close(),
      };
      const tab = new Tab('firefox', origin, bare);
      page.on('console', (message) => {
        if (isFault(message.type(), message.text())) tab.faults.push(message.text());
      });
      page.on('pageerror', (fault) => {
        // Firefox tells of loads that failed here as well
        const text = String(fault instanceof Error ? (fault.stack ?? fault) : fault);
        if (isFault('error', text)) tab.faults.push(text);
      });
      tabs.push(tab);
      await tab.go(path);
      return tab;
    },
    faults: () => tabs.flatMap((tab) => tab.faults),
    async close() {
      running.delete(browser);
      await firefox.close();
    },
  };
  return browser;
}
