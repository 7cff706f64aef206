/**
 * Keeps the catalogue of this device: brings it, opens it, swaps it for a newer one, lets it go. Search never stops
 * meanwhile, and what is half here is never called whole. Knows neither tabs nor sqlite; a clock, a network and a
 * shelf come in as `World`.
 */
import type { Finder } from './finder.ts';
import { bring, Damaged, forget, Full, Gone, here, keepManifest, keepWish, keptManifest, keptWish, newestManifest, tidy, type Manifest, type Surroundings, type Wish } from './parts_store.ts';
import type { Asked, Bringing, Told } from './thread.ts';

/** Downloads up to this size come by themselves once someone searches. */
export const UNASKED_MOST_BYTES = 8_000_000;
/** A file of the origin's private files takes up to so many times its size on the disk. */
export const FILE_TIMES = 1.9;
/** After so long the library is asked again, then twice as long, up to the most; milliseconds. */
const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/** A snapshot that can be searched. */
export interface Opened {
  where: 'device' | 'memory';
  finder: Pick<Finder, 'about' | 'search' | 'record'>;
  close(): void;
}

/** Where snapshots stand once they are whole. */
export interface Shelf {
  /** Whether one of this size could stand here. */
  holds(size_bytes: number): Promise<boolean>;
  /**
   * Open a snapshot whose parts are here, or that was opened before. Another may be open beside it.
   *
   * taken: another tab has it open. gone: it is not here, or not whole.
   */
  open(manifest: Manifest): Promise<Opened | 'taken' | 'gone'>;
  /** Whether its parts are needed to open it again. */
  needsParts(manifest: Manifest, where: Opened['where']): boolean;
  /** Let every other snapshot go; all of them for null. */
  only(manifest: Manifest | null): void;
}

export interface World extends Surroundings {
  shelf: Shelf;
  /** Bytes that this device has free for Carrel; null where it does not say. */
  free(): Promise<number | null>;
  /** Epoch milliseconds. */
  now(): number;
  wait(ms: number): Promise<void>;
  /** The reader's device asks to save data: nothing comes unasked. */
  sparing: boolean;
}

/** holds: the one that has the files. reads: another does, so nothing is brought, and only what fits in memory is opened. */
export type Standing = 'holds' | 'reads';

export class Keeper {
  private readonly world: World;
  private readonly standing: Standing;
  private readonly tell: (told: Told) => void;
  private open: { manifest: Manifest; opened: Opened; told: NonNullable<Told['kept']> } | null = null;
  private elsewhere: boolean;
  private bringing: Bringing = { step: 'none' };
  /** The newest catalogue that the library was heard to have. */
  private newest: Manifest | null = null;
  private opening: Promise<void> | null = null;
  private unasked = false;
  private running: { ended: Promise<void>; stop: AbortController } | null = null;
  private wake = (): void => undefined;
  /** What is asked of the keeping is done one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(world: World, standing: Standing, tell: (told: Told) => void) {
    this.world = world;
    this.standing = standing;
    this.elsewhere = standing === 'reads';
    this.tell = tell;
  }

  async answer(asked: Asked): Promise<unknown> {
    switch (asked.kind) {
      case 'search':
      case 'record': {
        await this.opened();
        if (!this.open) return null;
        const { finder, where } = this.open.opened;
        return asked.kind === 'record' ? finder.record(asked.record) : { ...finder.search(asked.typed, asked.offset, asked.limit), from: where };
      }
      case 'open':
        this.unasked ||= asked.unasked;
        await this.opened();
        this.say();
        void this.next(() => this.look());
        return this.open !== null;
      case 'again':
        this.wake();
        // The tab that had the files may have closed.
        if (this.bound && this.standing === 'holds') {
          this.opening = null;
          await this.opened();
          this.say();
        }
        if (!this.newest) void this.next(() => this.look());
        return null;
      case 'bring':
        return this.next(() => this.begin());
      case 'pause':
        return this.next(() => this.pause());
      case 'stop':
        return this.next(() => this.stop());
      case 'remove':
        return this.next(() => this.remove());
    }
  }

  close(): void {
    this.open?.opened.close();
    this.open = null;
  }

  /** Another tab has the files: nothing is brought or let go here. */
  private get bound(): boolean {
    return this.standing === 'reads' || (this.elsewhere && !this.open);
  }

  private next<T>(work: () => Promise<T>): Promise<T | null> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => null);
    // Nothing that is done here is worth breaking the page for: the state says how far it came.
    return done.catch(() => null);
  }

  private say(): void {
    this.tell({ kept: this.open?.told ?? null, elsewhere: this.elsewhere && !this.open, bringing: this.bringing });
  }

  private step(bringing: Bringing): void {
    this.bringing = bringing;
    this.say();
  }

  /** Open what is whole on this device, once. */
  private opened(): Promise<void> {
    this.opening ??= this.openKept().catch(() => undefined);
    return this.opening;
  }

  private async openKept(): Promise<void> {
    const manifest = await keptManifest(this.world);
    if (!manifest) {
      this.elsewhere = false;
      return;
    }
    const opened = await this.world.shelf.open(manifest);
    if (opened === 'taken') this.elsewhere = true;
    else if (opened === 'gone') await this.lose();
    else await this.settle(manifest, opened);
  }

  /** What was called whole is not: it is brought anew. */
  private async lose(): Promise<void> {
    if (this.standing !== 'holds') return;
    this.world.shelf.only(null);
    await forget(this.world);
  }

  private async settle(manifest: Manifest, opened: Opened): Promise<void> {
    const { records, built_at } = opened.finder.about();
    const before = this.open;
    this.open = { manifest, opened, told: { where: opened.where, records, as_of: built_at, size_bytes: manifest.size_bytes } };
    before?.opened.close();
    if (this.standing === 'holds') this.world.shelf.only(manifest);
  }

  /** Ask for a newer one: bring it where it is small or was asked for, offer it where it is not. */
  private async look(): Promise<void> {
    if (this.running || this.bound) return;
    const wish = await keptWish(this.world);
    try {
      this.newest = await newestManifest(this.world);
    } catch {
      // Without a network, what is under way goes on as far as it can.
      if (!wish?.manifest || wish.wanted === 'no') return;
    }
    const manifest = this.newest ?? wish?.manifest;
    if (!manifest) return;
    if (manifest.version === this.open?.manifest.version) {
      if (wish?.wanted !== 'no') await keepWish(null, this.world);
      this.step({ step: 'none' });
    } else if (wish?.wanted === 'now') this.run(manifest, wish.asked);
    else if (wish?.wanted === 'later') this.step({ ...(await this.far(manifest, true)), step: 'paused' });
    else if (!wish && this.unasked && !this.world.sparing && manifest.wire_bytes <= UNASKED_MOST_BYTES) this.run(manifest, false);
    else await this.offer(manifest);
  }

  private async far(manifest: Manifest, asked: boolean): Promise<Extract<Bringing, { done_bytes: number }>> {
    const { wire_bytes, size_bytes } = manifest;
    return { step: 'coming', wire_bytes, done_bytes: share(await here(manifest, this.world), size_bytes, wire_bytes), left_ms: null, asked };
  }

  /** Why a catalogue cannot come; null where nothing stands in the way. */
  private async hindered(manifest: Manifest): Promise<Bringing | null> {
    const { size_bytes, wire_bytes } = manifest;
    if (!(await this.world.shelf.holds(size_bytes))) return { step: 'too-big', wire_bytes };
    const needs_bytes = size_bytes - (await here(manifest, this.world)) + Math.round(FILE_TIMES * size_bytes);
    const free_bytes = await this.world.free();
    return free_bytes !== null && free_bytes < needs_bytes ? { step: 'no-room', wire_bytes, needs_bytes, free_bytes } : null;
  }

  private async offer(manifest: Manifest): Promise<void> {
    this.step((await this.hindered(manifest)) ?? { step: 'offered', wire_bytes: manifest.wire_bytes });
  }

  private async begin(): Promise<void> {
    if (this.running || this.bound) return;
    const known = this.newest ?? (await keptWish(this.world))?.manifest ?? null;
    this.newest = await newestManifest(this.world).catch(() => known);
    if (this.newest && this.newest.version !== this.open?.manifest.version) this.run(this.newest, true);
  }

  private run(manifest: Manifest, asked: boolean): void {
    const stop = new AbortController();
    const ended = this.bring(manifest, asked, stop.signal)
      .catch(async () => this.step({ ...(await this.far(manifest, asked)), step: 'unopened' }))
      .finally(() => {
        this.running = null;
      });
    this.running = { ended, stop };
  }

  private async halt(): Promise<void> {
    const running = this.running;
    running?.stop.abort();
    await running?.ended.catch(() => undefined);
  }

  /** Bring a catalogue to its end, however often the network goes; or say what stands in the way. */
  private async bring(manifest: Manifest, asked: boolean, stop: AbortSignal): Promise<void> {
    const { world } = this;
    const hindered = await this.hindered(manifest);
    if (hindered) return this.step(hindered);
    await keepWish({ wanted: 'now', manifest, asked }, world);
    await tidy(this.open ? [this.open.manifest, manifest] : [manifest], world);
    let far = await this.far(manifest, asked);
    let pause = FIRST_MS;
    for (;;) {
      this.step(far);
      const began = { at: world.now(), bytes: await here(manifest, world) };
      try {
        const whole = await bring(
          manifest,
          world,
          (bytes) => {
            pause = FIRST_MS;
            const left = bytes > began.bytes ? ((world.now() - began.at) * (manifest.size_bytes - bytes)) / (bytes - began.bytes) : null;
            far = { ...far, done_bytes: share(bytes, manifest.size_bytes, manifest.wire_bytes), left_ms: left };
            if (bytes > began.bytes) this.step(far);
          },
          stop,
        );
        if (!whole) return;
        break;
      } catch (broken) {
        if (broken instanceof Damaged) return this.step({ ...far, step: 'damaged', left_ms: null });
        if (broken instanceof Full) return this.step((await this.hindered(manifest)) ?? (await this.full(manifest)));
        if (broken instanceof Gone) {
          const newer = await newestManifest(world).catch(() => null);
          if (newer && newer.version !== manifest.version) {
            this.newest = newer;
            return this.bring(newer, asked, stop);
          }
        }
        far = { ...far, left_ms: null };
        this.step({ ...far, step: 'waiting' });
        await this.rest(pause, stop);
        if (stop.aborted) return;
        pause = Math.min(pause * 2, MOST_MS);
      }
    }
    this.step({ ...far, step: 'opening', left_ms: null });
    await this.swap(manifest, far);
  }

  /** The browser keeps nothing more, whatever it says to have free. */
  private async full(manifest: Manifest): Promise<Bringing> {
    const needs_bytes = manifest.size_bytes - (await here(manifest, this.world)) + Math.round(FILE_TIMES * manifest.size_bytes);
    return { step: 'no-room', wire_bytes: manifest.wire_bytes, needs_bytes, free_bytes: 0 };
  }

  /** Until so long has passed, the library may be there again, or nobody wants it any more. */
  private rest(ms: number, stop: AbortSignal): Promise<void> {
    return new Promise((done) => {
      this.wake = done;
      stop.addEventListener('abort', () => done(), { once: true });
      void this.world.wait(ms).then(done);
    });
  }

  /** Open the new one beside the old; only then does the next opening take it, and the old one goes. */
  private async swap(manifest: Manifest, far: Extract<Bringing, { done_bytes: number }>): Promise<void> {
    const { world } = this;
    const opened = await world.shelf.open(manifest);
    if (opened === 'taken' || opened === 'gone') {
      // Damaged where it lies: fetched again at the next try.
      if (opened === 'gone') await tidy(this.open ? [this.open.manifest] : [], world);
      return this.step({ ...far, step: 'unopened', left_ms: null });
    }
    await keepManifest(manifest, world);
    await keepWish(null, world);
    await this.settle(manifest, opened);
    await tidy(world.shelf.needsParts(manifest, opened.where) ? [manifest] : [], world);
    this.elsewhere = false;
    this.step({ step: 'none' });
  }

  private async pause(): Promise<void> {
    const { bringing } = this;
    const manifest = await this.underWay();
    await this.halt();
    if (!manifest || !('done_bytes' in bringing) || manifest.version === this.open?.manifest.version) return;
    await keepWish({ wanted: 'later', manifest, asked: true } satisfies Wish, this.world);
    this.step({ ...(await this.far(manifest, true)), step: 'paused' });
  }

  private async underWay(): Promise<Manifest | null> {
    return (await keptWish(this.world))?.manifest ?? this.newest;
  }

  private async stop(): Promise<void> {
    const manifest = await this.underWay();
    await this.halt();
    if (this.bound) return;
    const whole = manifest?.version === this.open?.manifest.version;
    if (!whole) await keepWish({ wanted: 'no', manifest: null, asked: false }, this.world);
    await tidy(this.open ? [this.open.manifest] : [], this.world);
    if (manifest && !whole) await this.offer(manifest);
    else this.step({ step: 'none' });
  }

  private async remove(): Promise<void> {
    await this.halt();
    if (this.bound) return;
    const known = this.newest ?? this.open?.manifest ?? null;
    this.open?.opened.close();
    this.open = null;
    this.world.shelf.only(null);
    await keepWish({ wanted: 'no', manifest: null, asked: false }, this.world);
    await forget(this.world);
    if (known) await this.offer(known);
    else this.step({ step: 'none' });
  }
}

function share(done_bytes: number, size_bytes: number, wire_bytes: number): number {
  return Math.round((wire_bytes * done_bytes) / size_bytes);
}
