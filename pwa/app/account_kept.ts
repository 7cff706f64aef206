/**
 * The reader's account on this device: wires the phone's half of the conversation to storage and network.
 *
 * Each change is one transaction that reads the state, lets a pure function make the next one, and writes it; so
 * tabs may come and go as they like. Only what was written is shown or sent. Clock, dice, network and the other
 * tabs come in as `World`. Decides nothing about loans or rooms.
 */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import * as phone from '../../sync/phone/phone.ts';
import type { Answer, PhoneState, Wish } from '../../sync/phone/phone.ts';
import { converse, postJson, reachable, restUntil, type Fetch } from './account_line.ts';
import { clearedHere, deleteLeft, Mine, registeredHere, revokedDevices, toldRevoked, type Change } from './account_store.ts';
import type { Book, BookingFact, DemoPatron, LoanFact, PatronFact, SessionView, Shown, SystemFact } from './facts.ts';

/** Something held, with the wish about it that waits and the answer that came last. */
export interface Kept<T> {
  id: string;
  version: number;
  body: T;
  wish: Wish | null;
  answer: Answer | null;
}

export type AccountStatus = 'opening' | 'signed-out' | 'signed-in' | 'sign-in-again';
export type Connection = 'online' | 'offline' | 'sending' | 'unreachable' | 'sign-in-again' | 'update-needed';

/**
 * other: wishes of another reader wait on this device. no-room: the device keeps nothing more. no: number and
 * code do not match. wait: too many were tried.
 */
export type SignedIn = 'in' | 'other' | 'no-room' | 'no' | 'wait' | 'unreachable';

/** What tabs of one origin tell each other. */
export type Told = 'changed' | 'hello' | 'bye';

/** Everything from outside that the account depends on. */
export interface World {
  fetch: Fetch;
  /** Epoch milliseconds, by the device. */
  now(): number;
  /** From 0 (included) to 1 (excluded). */
  random(): number;
  bytes(count: number): Uint8Array;
  online(): boolean;
  /** Whether the person can see this tab. */
  visible(): boolean;
  locks: Pick<LockManager, 'request'> | null;
  /** Tell the other tabs. */
  tell(told: Told): void;
  announce(text: string): void;
  /** Draw the page anew, with nothing left of what it showed. */
  reload(): void;
  /** Ask the browser not to clear what is kept here. */
  persist(): void;
  /** Ask the browser to have what waits sent once there is a network, though no page is open; see `background_sending.ts`. */
  sendLater(): void;
}

/** How long sign-out waits for a last try, and for the library to hear of it; milliseconds. */
const LAST_TRY_MS = 5_000;
/** While something waits and nobody answers, knock again after so long at most; milliseconds. */
const HOPEFUL_MS = 8_000;
/** After so many knocks in vain it is no short interruption. */
const HOPEFUL_TIMES = 40;
/** While somebody looks at it, and when nobody does; milliseconds. */
const PATIENT_MS = 30_000;
const UNSEEN_MS = 5 * 60_000;
/** While pokes come, ask unprompted only so often; milliseconds. What time alone changes pokes nobody. */
const POKED_MS = 5 * 60_000;
/** A library that has not answered for so long does not answer just now; milliseconds. */
const SLOW_MS = 4_000;
/** How often to look whether the tab that sends has ended; then, how long until it is taken for frozen. */
const OTHER_SENDS_MS = 1_000;
const FROZEN_MS = 45_000;
/** More answers than this at once are announced by their number. */
const SPOKEN_ONE_BY_ONE = 6;

export type Account = ReturnType<typeof keepAccount>;

/** The account of this device's reader, opened with `open`. */
export function keepAccount(world: World) {
  const state = signal<PhoneState | null>(null);
  const opening = signal(true);
  const sending = signal(false);
  const cleared = signal(false);
  const online = signal(world.online());
  /** Whether the last request got an answer; null before the first. */
  const reached = signal<boolean | null>(null);
  let mine: Mine | null = null;
  let patronHere = '';
  let timer: ReturnType<typeof setTimeout> | null = null;
  let busy: Promise<void> | null = null;
  let revoking: Promise<void> | null = null;
  let knocks = 0;
  /** Asked for while a request was on its way, which may not have carried it. */
  let asked = false;
  let otherSince: number | null = null;
  /** The library asked not to be asked before; by the device's clock. */
  let notBefore = 0;
  /** The newest poke that nobody has asked about yet. */
  let poke = '';
  let hearing = false;
  /** How long the library lets a phone wait that hears no pokes; milliseconds. */
  let poll = PATIENT_MS;
  let spoken: (answer: Answer) => string = () => '';
  let spokenMany: (answers: number) => string = () => '';

  async function change<T>(work: (now: PhoneState) => Change<T>): Promise<T> {
    if (!mine) throw new DOMException('nobody is signed in', 'InvalidStateError');
    const made = await mine.change(work);
    state.value = made.state;
    if (made.changed) world.tell('changed');
    return made.told;
  }

  async function open(): Promise<void> {
    try {
      const registered = await registeredHere();
      if (!registered) {
        cleared.value = await clearedHere();
        return;
      }
      const found = await Mine.open(registered);
      const kept = await found.read();
      if (kept) {
        mine = found;
        patronHere = await found.patron();
        state.value = phone.opened(kept);
        notBefore = await found.notBefore(world.now());
      } else {
        // The browser has cleared it: nothing of the reader is here.
        cleared.value = true;
        await found.unregister(null, true);
        await found.erase();
      }
    } finally {
      opening.value = false;
      if (state.peek()) {
        soon(0);
        void say();
      } else void revoke();
    }
  }

  // ---------------------------------------------------------------- sending

  function soon(ms: number | null): void {
    if (timer) clearTimeout(timer);
    timer = ms === null ? null : setTimeout(() => void send(), Math.max(ms, notBefore - world.now()));
  }

  /** Something happened that is worth a try now. */
  function nudge(): void {
    if (!mine) void revoke();
    else if (busy) asked = true;
    else soon(0);
  }

  /** Send what waits and read what is new, until there is no more; one tab at a time. */
  function send(): Promise<void> {
    busy ??= alone(exchange)
      .catch((why: unknown) => {
        // The device could not write: nothing of the reply counts, so it will be asked for again.
        if (mine) soon(PATIENT_MS);
        if (!(why instanceof DOMException)) throw why;
      })
      .finally(() => {
        busy = null;
        sending.value = false;
        if ((asked || unread()) && mine && reached.peek()) soon(0);
        asked = false;
      });
    return busy;
  }

  /** Whether the newest poke tells of something that has not been read. */
  function unread(): boolean {
    return poke !== '' && poke !== state.peek()?.cur;
  }

  /** A lock spares double work; what is sent twice is done once all the same. */
  async function alone(work: () => Promise<void>): Promise<void> {
    if (!world.locks) return work();
    const frozen = otherSince !== null && world.now() - otherSince > FROZEN_MS;
    let entered = false;
    try {
      await world.locks.request('carrel-sync', frozen ? { steal: true } : { ifAvailable: true }, async (lock) => {
        entered = true;
        if (!lock) {
          otherSince ??= world.now();
          soon(OTHER_SENDS_MS);
          return;
        }
        otherSince = null;
        await work();
      });
    } catch (why) {
      // Some browsers have locks and refuse them, where storage is restricted for one.
      if (entered) throw why;
      await work();
    }
  }

  async function exchange(): Promise<void> {
    // After a failure a knock comes first: a request that is cut is halved, and all that waits should go in one.
    if ((state.peek()?.failures ?? 0) > 0 && !(await reachable(world.fetch))) {
      reached.value = false;
      leaveToBrowser();
      soon(untilNextKnock());
      return;
    }
    for (let again = true; again && mine; ) again = await once();
  }

  /** One request. Returns whether to go on at once. */
  async function once(): Promise<boolean> {
    // What was poked before a request is composed is answered by it.
    poke = '';
    const composed = await change((now) => {
      const made = phone.compose(now, world.now());
      return { state: made?.state ?? now, told: made };
    });
    if (!composed) return false;
    const { request } = composed;
    sending.value = composed.sending.length > 0;
    const slow = setTimeout(() => (reached.value = false), SLOW_MS);
    const came = await converse(world.fetch, request);
    clearTimeout(slow);
    if (!mine) return false;
    if (came.kind === 'reply') {
      const { again, wait_ms } = await change((held) => {
        const made = phone.receive(held, request, came.reply, world.now(), came.size);
        return { state: made.state, told: made, unsaid: made.answered.map(({ u }) => u) };
      });
      reached.value = true;
      knocks = 0;
      await say();
      poll = wait_ms;
      if (!again) soon(hearing ? Math.max(poll, POKED_MS) : poll);
      return again;
    }
    const { failure } = came;
    const { tell, wait_ms, resent } = await change((held) => {
      const made = phone.broke(held, request, failure, world.now(), world.random());
      return { state: made.state, told: made, unsaid: made.answered.map(({ u }) => u), ...restUntil(failure, world.now()) };
    });
    await say();
    if (tell === 'closed') {
      await leave();
      world.tell('bye');
      return false;
    }
    if (resent || wait_ms === 0) return true;
    reached.value = tell === 'sign-in' || tell === 'update' ? true : false;
    notBefore = restUntil(failure, world.now()).not_before ?? notBefore;
    if (wait_ms !== null) leaveToBrowser();
    soon(wait_ms === null ? null : tell === 'offline' ? untilNextKnock() : wait_ms);
    return false;
  }

  /** Quick at first and while something waits; never all phones at the same moment. */
  function untilNextKnock(): number {
    knocks += 1;
    const waits = (state.peek()?.outbox.length ?? 0) > 0;
    const most = !world.visible() ? UNSEEN_MS : waits && knocks < HOPEFUL_TIMES ? HOPEFUL_MS : PATIENT_MS;
    return Math.min(1_000 * 2 ** Math.min(knocks, 20), most) * (0.75 + world.random() / 4);
  }

  /** Announce what nobody was told yet, if somebody looks at this tab: the first of several tabs takes it. */
  async function say(): Promise<void> {
    if (!mine || !world.visible()) return;
    // What cannot be taken now is taken by whoever is looked at next.
    const answered = await mine.takeUnsaid().catch(() => []);
    const words = answered.length > SPOKEN_ONE_BY_ONE ? [spokenMany(answered.length)] : answered.map((each) => spoken(each));
    for (const each of words) world.announce(each);
  }

  /** Something waits and cannot be sent just now: the browser may have it sent, should all pages be closed. */
  function leaveToBrowser(): void {
    if (state.peek()?.outbox.length) world.sendLater();
  }

  // ---------------------------------------------------------------- signing in and out

  /** Take up, or go on with, the account of whoever the session says is signed in. */
  async function begin(): Promise<SignedIn> {
    const session = await whoIs();
    if (!session?.patron) return 'unreachable';
    const { id } = session.patron;
    if (mine && patronHere === id) {
      await change((now) => ({ state: phone.signedIn(now), told: null }));
      soon(0);
      return 'in';
    }
    if (othersWait(id)) {
      await postJson(world.fetch, '/session/end', {});
      return 'other';
    }
    // Another reader: what the one before left here is never theirs.
    if (mine) await leave();
    const fresh = phone.begin(`d_${hex(16)}`);
    try {
      mine = await Mine.begin(`me-${hex(12)}`, id, fresh);
    } catch (why) {
      if (!(why instanceof DOMException)) throw why;
      await postJson(world.fetch, '/session/end', {});
      return 'no-room';
    }
    patronHere = id;
    cleared.value = false;
    state.value = fresh;
    world.tell('hello');
    await busy;
    await send();
    return 'in';
  }

  /** Whether wishes of someone else wait here, which only they may send or give up. */
  function othersWait(patron: string): boolean {
    const held = state.peek();
    return held !== null && patronHere !== patron && phone.waiting(held).length > 0;
  }

  async function whoIs(): Promise<SessionView | null> {
    try {
      const reply = await world.fetch('/session', { cache: 'no-store' });
      return reply.ok ? ((await reply.json()) as SessionView) : null;
    } catch {
      return null;
    }
  }

  /**
   * Delete everything of the reader on this device. Rejects where the device could not write: then nobody left.
   *
   * Args:
   *   revoked: the device, where the library still has to be told.
   */
  async function leave(revoked: string | null = null): Promise<void> {
    const gone = mine;
    await gone?.unregister(revoked);
    soon(null);
    mine = null;
    patronHere = '';
    knocks = 0;
    // What cannot be deleted now is at the next start.
    await gone?.erase().catch(() => undefined);
    // Said once it is so.
    state.value = null;
    reached.value = null;
  }

  /** Tell the library of devices that were signed out, and end the session; what cannot be told now is told later. */
  function revoke(): Promise<void> {
    revoking ??= (async () => {
      await deleteLeft();
      const devices = await revokedDevices();
      for (const dev of devices) {
        const reply = await world.fetch(`/sync/1/device/${dev}`, { method: 'DELETE', keepalive: true }).catch(() => null);
        if (!reply || reply.status >= 500 || reply.status === 429) return;
      }
      if (!devices.length || mine) return;
      const ended = await postJson(world.fetch, '/session/end', {});
      if (!ended || ended.status >= 500) return;
      for (const dev of devices) await toldRevoked(dev);
    })()
      // Without storage nobody was signed in here, so there is nothing to tell.
      .catch((why: unknown) => {
        if (!(why instanceof DOMException)) throw why;
      })
      .finally(() => {
        revoking = null;
      });
    return revoking;
  }

  function atMost<T>(ms: number, work: Promise<T>): Promise<T | void> {
    return Promise.race([work, new Promise<void>((resolve) => setTimeout(resolve, ms))]);
  }

  function hex(count: number): string {
    return Array.from(world.bytes(count), (each) => each.toString(16).padStart(2, '0')).join('');
  }

  /** An identity of this moment (UUIDv7, RFC 9562 section 5.7). */
  function identity(): string {
    const at = world.now().toString(16).padStart(12, '0');
    const dice = hex(10);
    const variant = ((parseInt(dice.slice(3, 5), 16) & 0x3f) | 0x80).toString(16);
    return `${at.slice(0, 8)}-${at.slice(8)}-7${dice.slice(0, 3)}-${variant}${dice.slice(5, 7)}-${dice.slice(7, 19)}`;
  }

  // ---------------------------------------------------------------- what views see

  function facts<T>(kind: string): [string, { version: number; body: T }][] {
    return [...((state.value?.facts.get(kind) as ReadonlyMap<string, { version: number; body: T }> | undefined) ?? [])];
  }

  const status = computed((): AccountStatus => {
    if (opening.value) return 'opening';
    if (!state.value) return 'signed-out';
    return state.value.status === 'sign_in' ? 'sign-in-again' : 'signed-in';
  });
  const answers = computed(() => (state.value?.answers ?? []).filter((each) => !each.put_away).toReversed());
  const waiting = computed(() => (state.value ? phone.waiting(state.value) : []));

  function joined<T>(kind: string, arg: string, about: (each: { op: string }) => boolean): Kept<T>[] {
    const names = (each: { args: object }): unknown => (each.args as Record<string, unknown>)[arg];
    const wishes = new Map(waiting.value.filter(about).map((each) => [names(each), each]));
    const newestLast = answers.value.filter(about).toReversed();
    const answered = new Map(newestLast.map((each) => [names(each), each]));
    return facts<T>(kind).map(([id, fact]) => ({ id, ...fact, wish: wishes.get(id) ?? null, answer: answered.get(id) ?? null }));
  }

  const loans = computed(() => joined<LoanFact>('loans', 'loan', (each) => each.op === 'loans.renew@1'));

  const bookings = computed((): Kept<BookingFact>[] => {
    const held = joined<BookingFact>('bookings', 'booking', (each) => each.op.startsWith('bookings.') && each.op !== 'bookings.book@1');
    const wished = waiting.value
      .filter((each) => each.op === 'bookings.book@1' && !held.some(({ id }) => id === each.u))
      .map((wish): Kept<BookingFact> => ({ id: wish.u, version: 0, body: hoped(wish), wish, answer: null }));
    return [...held, ...wished].sort((one, other) => one.body.starts_at - other.body.starts_at);
  });

  const connection = computed((): Connection => {
    if (status.value === 'sign-in-again') return 'sign-in-again';
    if (state.value?.status === 'update') return 'update-needed';
    if (sending.value) return 'sending';
    if (reached.value) return 'online';
    if (!online.value) return 'offline';
    return reached.value === false || (state.value?.failures ?? 0) > 0 ? 'unreachable' : 'online';
  });

  return {
    status: status as ReadonlySignal<AccountStatus>,
    /** The browser has cleared what was kept of a reader, with the wishes that were not sent. */
    cleared: cleared as ReadonlySignal<boolean>,
    patron: computed(() => facts<PatronFact>('patron')[0]?.[1].body ?? null),
    loans: loans as ReadonlySignal<Kept<LoanFact>[]>,
    /** The library systems that lend to this reader and are not the library's own, with the age of what they said. */
    systems: computed(() => new Map(facts<SystemFact>('systems').map(([id, { body }]) => [id as LoanFact['system'], body]))),
    /** Those wished for among them, in pencil: version 0, a forecast as body, the wish set. */
    bookings: bookings as ReadonlySignal<Kept<BookingFact>[]>,
    waiting: waiting as ReadonlySignal<Wish[]>,
    /** Not put away, the newest first. */
    answers: answers as ReadonlySignal<Answer[]>,
    /** When the library last answered, by its clock. */
    heardAt: computed(() => state.value?.heard_at ?? null),
    connection: connection as ReadonlySignal<Connection>,

    /** Show what is kept here. Needs no network. Rejects where the browser keeps nothing. */
    open,

    /** The library's clock as well as this device can tell; epoch milliseconds. */
    now(): number {
      const held = state.peek();
      return (held && phone.libraryNow(held, world.now())) ?? world.now();
    },

    /**
     * Record a wish. It is stored before this resolves.
     *
     * 'full': too much waits already. 'not-kept': the device has no room left. In both, nothing was recorded.
     *
     * Args:
     *   seen: what the person was looking at, for sentences about the wish.
     *   more: `until` is by the library's clock; `base` names the versions of the facts that were looked at.
     */
    async ask(op: string, args: object, seen: Record<string, unknown>, more: { until?: number; base?: Record<string, number> } = {}): Promise<'kept' | 'full' | 'not-kept'> {
      const asking: phone.Asking = { u: identity(), op, args, at: world.now(), seen, ...more };
      try {
        const kept = await change((now) => {
          const asked = phone.ask(now, asking);
          return 'full' in asked ? { state: now, told: 'full' as const } : { state: asked.state, told: 'kept' as const };
        });
        if (kept === 'kept') {
          world.persist();
          nudge();
          if (!online.peek() || reached.peek() === false) leaveToBrowser();
        }
        return kept;
      } catch (why) {
        if (why instanceof DOMException) return 'not-kept';
        throw why;
      }
    },

    /** Take a waiting wish back. */
    async withdraw(u: string): Promise<void> {
      await change((now) => ({ state: phone.withdraw(now, u), told: null }));
      nudge();
    },

    /** Hide an answer that was read. */
    async putAway(u: string): Promise<void> {
      await change((now) => ({ state: phone.putAway(now, u), told: null }));
    },

    async sendNow(): Promise<void> {
      if (mine) await send();
    },

    /** Whom one may be in a demo; empty where this is none, null while the library cannot be reached. */
    async demoPatrons(): Promise<DemoPatron[] | null> {
      try {
        const reply = await world.fetch('/session/demo', { cache: 'no-store' });
        return reply.ok ? ((await reply.json()) as DemoPatron[]) : [];
      } catch {
        return null;
      }
    },

    /** Become a made-up reader, in a demo. */
    async signIn(patron: string): Promise<SignedIn> {
      if (othersWait(patron)) return 'other';
      await revoke();
      const reply = await postJson(world.fetch, '/session/demo', { patron });
      return reply?.ok ? begin() : 'unreachable';
    },

    async signInWithCode(card_number: string, code: string): Promise<SignedIn> {
      await revoke();
      const reply = await postJson(world.fetch, '/session/code', { card_number, code });
      if (!reply || reply.status >= 500) return 'unreachable';
      if (reply.status === 429) return 'wait';
      return reply.ok ? begin() : 'no';
    },

    /**
     * Sign out. With 'ask' what waits is sent first; what could not be sent is returned, and nobody was signed
     * out. With 'discard' it is given up. `noRoom`: the device could not write, and nobody was signed out.
     */
    async signOut(choice: 'ask' | 'discard'): Promise<{ left: Wish[]; noRoom?: true }> {
      const held = state.peek();
      if (!held) return { left: [] };
      if (choice === 'ask' && held.outbox.length) {
        await atMost(LAST_TRY_MS, (async () => {
          await busy;
          await send();
        })());
        const now = state.peek();
        const left = now ? phone.waiting(now) : [];
        if (left.length) return { left };
      }
      try {
        await leave(held.dev);
      } catch (why) {
        if (why instanceof DOMException) return { left: [], noRoom: true };
        throw why;
      }
      world.tell('bye');
      await atMost(LAST_TRY_MS, revoke());
      return { left: [] };
    },

    /** How answers are said aloud, one by one and many at once; given by the words. */
    speak(one: (answer: Answer) => string, many: (answers: number) => string): void {
      spoken = one;
      spokenMany = many;
    },

    /** To be called with what another tab tells. */
    async hear(told: Told): Promise<void> {
      if (told === 'changed') {
        const held = await mine?.read().catch(() => null);
        if (!held) return;
        state.value = held;
        await say();
      } else {
        // A page that shows another reader, or nobody, begins anew.
        world.reload();
      }
    },

    /** To be called when the device finds or loses a network. */
    network(there: boolean): void {
      online.value = there;
      if (there) nudge();
      else reached.value = false;
    },

    /** How far this device has read: a cursor; "" when it has read nothing yet. */
    readTo(): string {
      return state.peek()?.cur ?? '';
    },

    /** To be called with the cursor of a poke; what the request on its way brings is not asked for twice. */
    poked(cursor: string): void {
      poke = cursor;
      if (!busy && mine && unread()) soon(0);
    },

    /** To be called when pokes begin or cease to come. */
    hears(there: boolean): void {
      const ceased = hearing && !there;
      hearing = there;
      if (ceased && mine && !busy && state.peek()?.status === 'idle') soon(poll * (0.5 + world.random() / 2));
    },

    /** To be called when the person looks at the page again. */
    looked(): void {
      knocks = 0;
      void say();
      nudge();
    },

    /** To be called when nobody sees the page any more; the browser may end it. */
    left(): void {
      leaveToBrowser();
    },
  };
}

/** What a wished-for booking would be; drawn in pencil. */
function hoped(wish: Wish): BookingFact {
  const args = wish.args as Book;
  const seen = wish.seen as Partial<Shown>;
  return {
    room: args.room,
    room_name: seen.room_name ?? args.room,
    kind: seen.kind ?? 'room',
    site: seen.site ?? '',
    floor: seen.floor ?? '',
    starts_at: args.starts_at,
    ends_at: args.ends_at,
    party: args.party,
    state: 'confirmed',
    grace_ends_at: args.starts_at,
    check_in_from: args.starts_at,
    can_cancel: false,
    access: seen.access ?? [],
  };
}
