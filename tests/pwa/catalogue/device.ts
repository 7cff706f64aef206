/** A made-up device for the catalogue: a cache, a library with parts, a shelf of snapshots, tabs that hear each other. */
import { createHash } from 'node:crypto';
import { vi } from 'vitest';
import type { Finder } from '../../../pwa/catalogue/finder.ts';
import { Keeper, type Opened, type Shelf, type Standing, type World } from '../../../pwa/catalogue/keeper.ts';
import { partPath, type Manifest } from '../../../pwa/catalogue/parts_store.ts';
import { Sharing, type Between, type Tabs } from '../../../pwa/catalogue/sharing.ts';
import type { Asked, Told } from '../../../pwa/catalogue/thread.ts';

export const MB = 1_000_000;
const digestOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** A catalogue of four parts, told to be as big as is wished. */
export function edition(version: string, size_bytes: number): { manifest: Manifest; parts: Map<string, Uint8Array> } {
  const data = [1, 2, 3, 4].map((i) => new TextEncoder().encode(`${version} part ${i}`));
  const manifest: Manifest = {
    version,
    built_at: Number(version.slice(1)),
    records: 100,
    size_bytes: size_bytes * 4,
    wire_bytes: size_bytes,
    parts: data.map((part) => ({ sha256: digestOf(part), size_bytes })),
  };
  return { manifest, parts: new Map(data.map((part) => [partPath(digestOf(part)), part])) };
}

export type Edition = ReturnType<typeof edition>;

/** Lets everything that waits for nothing but itself come to its end. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 60; i += 1) await new Promise((done) => setImmediate(done));
}

/** One device and the library it is connected to. */
export class Device {
  readonly kept = new Map<string, Response>();
  /** Snapshots that stand in the origin's private files. */
  readonly files = new Set<string>();
  readonly fetched: string[] = [];
  /** How often the library was asked for anything, in vain too. */
  asked = 0;
  /** Versions that are open now. */
  readonly open: string[] = [];
  /** Until when opening takes. */
  opening: Promise<void> = Promise.resolve();
  now = 1_000;
  free: number | null = 10_000 * MB;
  /** Whether this browser gives private files at all. */
  hasFiles = true;
  sparing = false;
  there = true;
  /** What happens to a fetched part: its bytes, as they arrive; or it throws. */
  onTheWay: (path: string, data: Uint8Array) => Uint8Array | Promise<Uint8Array> = (_, data) => data;
  editions: Edition[] = [];
  /** The keeper that has the files open; there can be one. */
  private taken: object | null = null;
  constructor() {
    // Digests are made in a thread of their own, whose turns nobody counts.
    vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (_, data) => new Uint8Array(createHash('sha256').update(new Uint8Array(data as ArrayBuffer)).digest()).buffer);
  }
  private readonly sleepers: { until: number; wake(): void }[] = [];

  get newest(): Edition | undefined {
    return this.editions.at(-1);
  }

  /** Time passes, and whoever slept as long wakes. */
  async pass(ms: number): Promise<void> {
    await settled();
    this.now += ms;
    for (const sleeper of this.sleepers.filter(({ until }) => until <= this.now)) {
      this.sleepers.splice(this.sleepers.indexOf(sleeper), 1);
      sleeper.wake();
    }
    await settled();
  }

  wait(ms: number): Promise<void> {
    return new Promise((wake) => this.sleepers.push({ until: this.now + ms, wake }));
  }

  world(standing: Standing = 'holds'): World {
    const cache = {
      match: async (path: string) => this.kept.get(path)?.clone(),
      put: async (path: string, response: Response) => void this.kept.set(path, response),
      keys: async () => [...this.kept.keys()].map((path) => ({ url: `https://library.example${path}` })),
      delete: async (request: { url: string } | string) => this.kept.delete(typeof request === 'string' ? request : new URL(request.url).pathname),
    } as unknown as Cache;
    return {
      cache: async () => cache,
      fetch: (path, init) => this.fetch(path, init?.signal ?? undefined),
      shelf: new MadeUpShelf(this, standing === 'holds'),
      free: async () => this.free,
      now: () => this.now,
      wait: (ms) => this.wait(ms),
      sparing: this.sparing,
    };
  }

  private async fetch(path: string, stop?: AbortSignal): Promise<Response> {
    this.asked += 1;
    if (!this.there) throw new TypeError('Failed to fetch');
    if (path === '/catalogue/1/manifest') return this.newest ? Response.json(this.newest.manifest) : new Response(null, { status: 404 });
    this.fetched.push(path);
    // The library keeps the newest and the one before it.
    const data = this.editions.slice(-2).flatMap(({ parts }) => parts.get(path) ?? [])[0];
    if (!data) return new Response(null, { status: 404 });
    const aborted = new Promise<never>((_, broken) => stop?.addEventListener('abort', () => broken(stop.reason)));
    const came = await Promise.race([aborted, this.onTheWay(path, data)]);
    return new Response(new Uint8Array(came));
  }

  /** The part'th part of the newest, from 1. */
  part(number: number): string {
    return [...(this.newest?.parts.keys() ?? [])][number - 1] ?? '';
  }

  /** The page that had the files open is closed. */
  closePage(): void {
    this.taken = null;
  }

  take(who: object): boolean {
    this.taken ??= who;
    return this.taken === who;
  }

  release(who: object): void {
    if (this.taken === who) this.taken = null;
  }
}

class MadeUpShelf implements Shelf {
  private readonly device: Device;
  private readonly mayHold: boolean;
  constructor(device: Device, mayHold: boolean) {
    this.device = device;
    this.mayHold = mayHold;
  }
  private files(): boolean {
    return this.mayHold && this.device.hasFiles && this.device.take(this);
  }
  async holds(size_bytes: number): Promise<boolean> {
    return size_bytes <= 24 * MB || (this.mayHold && this.device.hasFiles);
  }
  needsParts(manifest: Manifest, where: Opened['where']): boolean {
    return where === 'memory' || manifest.size_bytes <= 24 * MB;
  }
  async open(manifest: Manifest): Promise<Opened | 'taken' | 'gone'> {
    await this.device.opening;
    const whole = manifest.parts.every(({ sha256 }) => this.device.kept.has(partPath(sha256)));
    if (this.files() && (whole || this.device.files.has(manifest.version))) {
      this.device.files.add(manifest.version);
      return openedOf(manifest, 'device', this.device.open);
    }
    if (whole && manifest.size_bytes <= 24 * MB) return openedOf(manifest, 'memory', this.device.open);
    return this.device.hasFiles && !this.files() ? 'taken' : 'gone';
  }
  only(manifest: Manifest | null): void {
    if (!this.files()) return;
    for (const version of this.device.files) if (version !== manifest?.version) this.device.files.delete(version);
  }
}

function openedOf(manifest: Manifest, where: Opened['where'], versions: string[]): Opened {
  versions.push(manifest.version);
  let open = true;
  const hits = (typed: string): ReturnType<Finder['search']> => {
    if (!open) throw new Error('expected an open catalogue, got a closed one');
    return { hits: [{ id: `${manifest.version} ${typed}` }] as never, more: false, count: 1, corrected: null };
  };
  return {
    where,
    finder: { about: () => ({ built_at: manifest.built_at, records: manifest.records }), search: hits, record: (id) => ({ id }) as never },
    close: () => {
      open = false;
      versions.splice(versions.indexOf(manifest.version), 1);
    },
  };
}

/** One keeper by itself, and the last that it told. */
export class One {
  readonly keeper: Keeper;
  readonly told: Told[] = [];
  constructor(device: Device, standing: Standing = 'holds') {
    this.keeper = new Keeper(device.world(standing), standing, (told) => this.told.push(told));
  }
  async ask(asked: Asked): Promise<unknown> {
    const value = this.keeper.answer(asked);
    await settled();
    return value;
  }
  get at(): Told {
    return this.told.at(-1) ?? { kept: null, elsewhere: false, bringing: { step: 'none' } };
  }
  get step(): string {
    return this.at.bringing.step;
  }
  /** The hits of a search, which name the version that gave them. */
  async hits(typed = 'x'): Promise<string[] | null> {
    return hitsOf(await this.keeper.answer({ kind: 'search', typed, offset: 0, limit: 20 }));
  }
}

export function hitsOf(found: unknown): string[] | null {
  return found ? (found as { hits: { id: string }[] }).hits.map(({ id }) => id) : null;
}

export interface Tab {
  sharing: Sharing;
  told: Told[];
  close(): void;
  /** Frozen: it has what it has, and hears nothing. */
  frozen: boolean;
  hits(typed?: string): Promise<string[] | null>;
}

/** Tabs of one browser on a device; with or without what tabs agree and talk through. */
export class Tabbed {
  readonly device: Device;
  readonly tabs: Tab[] = [];
  private readonly queue: { tab: Tab; give(): void }[] = [];
  private holder: Tab | null = null;

  constructor(device: Device) {
    this.device = device;
  }

  open(over: { locks?: null; channel?: null } = {}): Tab {
    const listeners: ((between: Between) => void)[] = [];
    const keepers: { shelf: Shelf; keeper: Keeper }[] = [];
    const tab: Tab & { listeners: typeof listeners; closed: boolean } = {
      told: [],
      listeners,
      closed: false,
      frozen: false,
      sharing: undefined as unknown as Sharing,
      close: () => {
        tab.closed = true;
        this.tabs.splice(this.tabs.indexOf(tab), 1);
        for (const { shelf } of keepers) this.device.release(shelf);
        const waiting = this.queue.findIndex((each) => each.tab === tab);
        if (waiting >= 0) this.queue.splice(waiting, 1);
        if (this.holder !== tab) return;
        this.holder = null;
        this.giveLock();
      },
      hits: async (typed = 'x') => hitsOf(await tab.sharing.ask({ kind: 'search', typed, offset: 0, limit: 20 })),
    };
    const tabs: Tabs = {
      me: `tab ${this.tabs.length + 1} ${Math.floor(this.device.now)}`,
      locks: over.locks === null ? null : { request: this.lock(tab) as never },
      channel:
        over.channel === null
          ? null
          : {
              post: (between) => {
                if (tab.closed || tab.frozen) return;
                for (const each of this.tabs as (typeof tab)[]) {
                  if (each !== tab) setImmediate(() => each.frozen || each.closed || each.listeners.forEach((listener) => listener(structuredClone(between))));
                }
              },
              hear: (listener) => void listeners.push(listener),
            },
      wait: (ms) => this.device.wait(ms),
      hold: (standing, tell) => {
        const world = this.device.world(standing);
        const keeper = new Keeper(world, standing, tell);
        keepers.push({ shelf: world.shelf, keeper });
        return keeper;
      },
      tell: (told) => void tab.told.push(told),
    };
    this.tabs.push(tab);
    tab.sharing = new Sharing(tabs);
    return tab;
  }

  private lock(tab: Tab) {
    return async (_: string, options: LockOptions | (() => unknown), work?: (lock: object | null) => unknown): Promise<unknown> => {
      const run = (work ?? options) as (lock: object | null) => unknown;
      const now = typeof options !== 'function' && options.ifAvailable;
      if (this.holder && now) return run(null);
      return new Promise((_, broken) => {
        this.queue.push({
          tab,
          give: () => {
            this.holder = tab;
            Promise.resolve(run({})).catch(broken);
          },
        });
        this.giveLock();
      });
    };
  }

  private giveLock(): void {
    if (!this.holder) this.queue.shift()?.give();
  }
}
