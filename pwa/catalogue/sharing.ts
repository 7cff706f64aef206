/**
 * One tab holds the catalogue's files, which a browser gives to one alone; the others ask it and get the same hits.
 *
 * A Web Lock says which: whoever has it holds, whoever waits for it takes over when that tab closes. Where tabs cannot
 * agree or cannot talk, each does what it can by itself. Locks, channel and clock come in as `Tabs`.
 */
import type { Standing } from './keeper.ts';
import type { Asked, Told } from './thread.ts';

export const LOCK = 'carrel-catalogue';
/** A tab that has not heard a question by then does not answer: frozen, or hung; milliseconds. */
const MUTE_MS = 1_500;
/** One that has heard it and said nothing since; milliseconds. */
const LOST_MS = 20_000;

/** What tabs of one origin tell each other. */
export type Between =
  | { from: string; id: number; asked: Asked }
  | { to: string; id: number; heard: true }
  | { to: string; id: number; value: unknown }
  | { to: string; id: number; broken: string }
  | { told: Told }
  /** This tab holds from now on: what was asked and not answered is to be asked again. */
  | { holds: string };

export interface Holder {
  answer(asked: Asked): Promise<unknown>;
  /** Let go of what is open. */
  close(): void;
}

export interface Tabs {
  /** Differs between any two tabs. */
  me: string;
  locks: Pick<LockManager, 'request'> | null;
  channel: { post(between: Between): void; hear(listener: (between: Between) => void): void } | null;
  wait(ms: number): Promise<void>;
  hold(standing: Standing, tell: (told: Told) => void): Holder;
  /** Tell this tab's page. */
  tell(told: Told): void;
}

interface Pending {
  asked: Asked;
  heard: boolean;
  done(value: unknown): void;
  broken(why: Error): void;
}

export class Sharing {
  private readonly tabs: Tabs;
  private readonly begun: Promise<void>;
  /** What this tab opened itself; null while another holds and answers. */
  private mine: { standing: Standing; holder: Holder } | null = null;
  private readonly pending = new Map<number, Pending>();
  private count = 0;
  /** That this tab's page opened the catalogue, and how: whoever takes over does so too. */
  private opened: Extract<Asked, { kind: 'open' }> | null = null;

  constructor(tabs: Tabs) {
    this.tabs = tabs;
    tabs.channel?.hear((between) => this.hear(between));
    this.begun = this.begin();
  }

  async ask(asked: Asked): Promise<unknown> {
    if (asked.kind === 'open') this.opened = { kind: 'open', unasked: asked.unasked || this.opened?.unasked === true };
    await this.begun;
    if (this.mine) {
      // Perhaps the one that did not answer does again: then it says what it has.
      if (this.mine.standing === 'reads') this.post({ from: this.tabs.me, id: 0, asked: { kind: 'open', unasked: false } });
      return this.mine.holder.answer(asked);
    }
    const id = (this.count += 1);
    return new Promise((done, broken) => {
      const pending: Pending = { asked, heard: false, done, broken };
      this.pending.set(id, pending);
      this.post({ from: this.tabs.me, id, asked });
      void this.tabs.wait(MUTE_MS).then(() => {
        if (this.pending.get(id) === pending && !pending.heard) this.alone(id, pending);
      });
      void this.tabs.wait(LOST_MS).then(() => {
        if (this.pending.delete(id)) broken(new Error('the tab that has the catalogue open gave no answer'));
      });
    });
  }

  private async begin(): Promise<void> {
    const { locks, channel } = this.tabs;
    if (!locks) return this.take('holds');
    // Kept until this tab ends.
    const forEver = new Promise<never>(() => undefined);
    const free = await new Promise<boolean | null>((told) => {
      locks
        .request(LOCK, { ifAvailable: true }, (lock) => {
          told(lock !== null);
          return lock ? forEver : undefined;
        })
        // A page whose origin may keep nothing has no locks either.
        .catch(() => told(null));
    });
    if (free !== false) return this.take('holds');
    if (!channel) return this.take('reads');
    locks
      .request(LOCK, () => {
        this.take('holds');
        return forEver;
      })
      .catch(() => undefined);
  }

  private take(standing: Standing): void {
    const holder = this.tabs.hold(standing, (told) => {
      if (this.mine?.holder !== holder) return;
      this.tabs.tell(told);
      if (standing === 'holds') this.post({ told });
    });
    this.mine?.holder.close();
    this.mine = { standing, holder };
    if (standing !== 'holds') return;
    this.post({ holds: this.tabs.me });
    // The one before may have ended in the middle of a download, or said what is no longer so.
    if (this.opened) holder.answer(this.opened).catch(() => undefined);
    for (const [id, pending] of this.pending) this.answer(id, pending, holder);
  }

  private answer(id: number, pending: Pending, holder: Holder): void {
    this.pending.delete(id);
    holder.answer(pending.asked).then(pending.done, pending.broken);
  }

  /** Nobody hears: what can be opened beside the other is opened here, until the other speaks again. */
  private alone(id: number, pending: Pending): void {
    if (!this.mine) this.take('reads');
    if (this.mine) this.answer(id, pending, this.mine.holder);
  }

  private post(between: Between): void {
    this.tabs.channel?.post(between);
  }

  private hear(between: Between): void {
    const holding = this.mine?.standing === 'holds' ? this.mine.holder : null;
    if ('asked' in between) {
      if (!holding) return;
      const { from: to, id } = between;
      this.post({ to, id, heard: true });
      holding.answer(between.asked).then(
        (value) => this.post({ to, id, value }),
        (broken: unknown) => this.post({ to, id, broken: String(broken) }),
      );
    } else if ('to' in between) {
      const pending = between.to === this.tabs.me ? this.pending.get(between.id) : undefined;
      if (!pending) return;
      if ('heard' in between) {
        pending.heard = true;
        return;
      }
      this.pending.delete(between.id);
      if ('broken' in between) pending.broken(new Error(between.broken));
      else pending.done(between.value);
    } else if (holding) {
      return;
    } else if ('told' in between) {
      this.mine?.holder.close();
      this.mine = null;
      this.tabs.tell(between.told);
    } else {
      for (const [id, { asked }] of this.pending) this.post({ from: this.tabs.me, id, asked });
    }
  }
}
