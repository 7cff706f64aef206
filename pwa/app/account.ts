/**
 * The reader's account on this device: wires the phone's half of the conversation to storage and network.
 *
 * Everything private lies in one database, `me-…`, made at sign-in and deleted at sign-out. Each change is one
 * transaction that reads the state, lets a pure function make the next one, and writes it; so tabs may come and
 * go as they like. Decides nothing about loans or rooms.
 */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { deleteDB, openDB, type IDBPDatabase } from 'idb';
import * as phone from '../../sync/phone/phone.ts';
import type { Answer, PhoneState, Problem, Wish } from '../../sync/phone/phone.ts';
import { announce } from './announcer.ts';
import type { Book, BookingFact, DemoPatron, LoanFact, PatronFact, SessionView, Shown } from './facts.ts';

export type { Answer, Wish } from '../../sync/phone/phone.ts';

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

/** How long a request may take; milliseconds. */
const PATIENCE_MS = 20_000;
/** How long sign-out waits for a last try; milliseconds. */
const LAST_TRY_MS = 5_000;
/** While something waits and nobody answers, ask again after so long at most; milliseconds. */
const HOPEFUL_MS = 8_000;
const REGISTRY = 'carrel';

interface Registered {
  name: string;
  patron: string;
}

const status = signal<AccountStatus>('opening');
const state = signal<PhoneState | null>(null);
const sending = signal(false);
const reached = signal(false);
const online = signal(navigator.onLine);
let database: IDBPDatabase | null = null;
let registered: Registered | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;
let busy: Promise<void> | null = null;
let spoken: (answer: Answer) => string = () => '';

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('carrel');

function registry(): Promise<IDBPDatabase> {
  return openDB(REGISTRY, 1, {
    upgrade(db) {
      db.createObjectStore('registry');
      db.createObjectStore('public');
    },
  });
}

/** The store of what is public; see `library.ts`. */
export async function publicStore<T>(work: (db: IDBPDatabase) => Promise<T>): Promise<T> {
  const db = await registry();
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

async function openMine(name: string): Promise<IDBPDatabase> {
  const db = await openDB(name, 1, {
    upgrade(made) {
      made.createObjectStore('phone');
    },
    blocking: () => db.close(),
  });
  return db;
}

/** One change: read, let `work` say what follows, write, tell the other tabs. */
async function change<T>(work: (now: PhoneState) => { state: PhoneState; told: T }): Promise<T> {
  if (!database) throw new Error('expected an open account, got none');
  const tx = database.transaction('phone', 'readwrite', { durability: 'strict' });
  const before = (await tx.store.get('state')) as PhoneState;
  const { state: after, told } = work(before);
  if (after !== before) await tx.store.put(after, 'state');
  await tx.done;
  state.value = after;
  if (after !== before) channel?.postMessage('changed');
  return told;
}

async function readAgain(): Promise<void> {
  if (database) state.value = ((await database.get('phone', 'state')) as PhoneState | undefined) ?? state.value;
}

function mint(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (each) => each.toString(16).padStart(2, '0')).join('');
}

/** An identity of this moment (UUIDv7, RFC 9562 section 5.7). */
function identity(): string {
  const at = Date.now().toString(16).padStart(12, '0');
  const dice = mint(10);
  const variant = ((parseInt(dice.slice(3, 5), 16) & 0x3f) | 0x80).toString(16);
  return `${at.slice(0, 8)}-${at.slice(8)}-7${dice.slice(0, 3)}-${variant}${dice.slice(5, 7)}-${dice.slice(7, 19)}`;
}

async function open(): Promise<void> {
  registered = await publicStore((db) => db.get('registry', 'me') as Promise<Registered | undefined>).then((each) => each ?? null);
  if (!registered) {
    status.value = 'signed-out';
    void revoke();
    return;
  }
  database = await openMine(registered.name);
  const kept = (await database.get('phone', 'state')) as PhoneState | undefined;
  if (!kept) {
    // Half a sign-in, or a store that was cleared: nothing of the reader is here.
    await wipe();
    return;
  }
  state.value = phone.opened(kept);
  status.value = kept.status === 'sign_in' ? 'sign-in-again' : 'signed-in';
  soon(0);
}

// ---------------------------------------------------------------- sending

function soon(ms: number | null): void {
  if (timer) clearTimeout(timer);
  timer = ms === null ? null : setTimeout(() => void send(), ms);
}

async function alone(work: () => Promise<void>): Promise<void> {
  try {
    if (navigator.locks) {
      await navigator.locks.request('carrel-sync', { ifAvailable: true }, async (lock) => {
        if (lock) await work();
        else soon(1_000);
      });
      return;
    }
  } catch {
    // A lock is a courtesy: what is sent twice is done once.
  }
  await work();
}

async function packed(body: string): Promise<{ body: BodyInit; encoding: string | null; compressed: number }> {
  if (typeof CompressionStream === 'undefined' || body.length < 600) return { body, encoding: null, compressed: body.length };
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'));
  const small = await new Response(stream).arrayBuffer();
  return { body: small, encoding: 'gzip', compressed: small.byteLength };
}

/** Send what waits and read what is new, until there is no more. */
function send(): Promise<void> {
  busy ??= alone(converse).finally(() => {
    busy = null;
    sending.value = false;
  });
  return busy;
}

async function converse(): Promise<void> {
  for (let again = true; again && database; ) {
    again = false;
    const composed = await change((now) => {
      const made = phone.compose(phone.opened(now), Date.now(), '1');
      return { state: made?.state ?? now, told: made };
    });
    if (!composed) break;
    sending.value = composed.sending.length > 0;
    const plain = JSON.stringify(composed.request);
    const { body, encoding, compressed } = await packed(plain);
    const came = await post(body, encoding);
    if (!database) return;
    const now = Date.now();
    if (came.kind === 'reply') {
      const received = await change((held) => {
        const made = phone.receive(held, composed.request, came.reply, now, { plain: plain.length, compressed });
        return { state: made.state, told: made };
      });
      reached.value = true;
      if (status.peek() === 'sign-in-again') status.value = 'signed-in';
      tell(received.answered);
      again = received.again;
      if (!again) soon(received.wait_ms);
      continue;
    }
    const broken = await change((held) => {
      const made = phone.broke(held, composed.request, came.failure, now, Math.random());
      return { state: made.state, told: made };
    });
    tell(broken.answered);
    if (broken.tell === 'offline' || broken.tell === 'later') reached.value = false;
    if (broken.tell === 'sign-in') status.value = 'sign-in-again';
    if (broken.tell === 'closed') {
      await wipe();
      channel?.postMessage('bye');
      return;
    }
    if (broken.tell === 'resent') {
      again = true;
      continue;
    }
    const waits = state.peek()?.outbox.length ?? 0;
    soon(broken.wait_ms === null ? null : waits && broken.tell === 'offline' ? Math.min(broken.wait_ms, HOPEFUL_MS) : broken.wait_ms);
  }
}

type Came = { kind: 'reply'; reply: phone.Reply } | { kind: 'failure'; failure: phone.Failure };

async function post(body: BodyInit, encoding: string | null): Promise<Came> {
  let reply: Response;
  try {
    reply = await fetch('/sync/1', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(encoding ? { 'content-encoding': encoding } : {}) },
      body,
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (reply.ok) {
      const told = phone.asReply(await reply.json());
      if (told) return { kind: 'reply', reply: told };
      return { kind: 'failure', failure: { kind: 'cut' } };
    }
  } catch {
    return { kind: 'failure', failure: { kind: 'cut' } };
  }
  const problem = (await reply.json().catch(() => null)) as Problem | null;
  const after = Number(reply.headers.get('retry-after'));
  return {
    kind: 'failure',
    failure: { kind: 'status', status: reply.status, problem, ...(after > 0 ? { retry_after_ms: after * 1_000 } : {}) },
  };
}

function tell(answered: Answer[]): void {
  for (const each of answered) announce(spoken(each));
}

// ---------------------------------------------------------------- signing in and out

async function begin(): Promise<boolean> {
  const session = await whoIs();
  if (!session?.patron) return false;
  if (registered && registered.patron === session.patron.id && database) {
    await change((now) => ({ state: phone.signedIn(now), told: null }));
    status.value = 'signed-in';
    soon(0);
    return true;
  }
  // Another reader: what the one before left here is never theirs.
  if (registered) await wipe();
  const name = `me-${mint(12)}`;
  database = await openMine(name);
  const fresh = phone.begin(`d_${mint(16)}`);
  await database.put('phone', fresh, 'state');
  registered = { name, patron: session.patron.id };
  await publicStore((db) => db.put('registry', registered, 'me'));
  state.value = fresh;
  status.value = 'signed-in';
  void navigator.storage?.persist?.().catch(() => false);
  channel?.postMessage('hello');
  await send();
  return true;
}

async function whoIs(): Promise<SessionView | null> {
  try {
    const reply = await fetch('/session', { cache: 'no-store' });
    return reply.ok ? ((await reply.json()) as SessionView) : null;
  } catch {
    return null;
  }
}

async function postJson(path: string, body: object, patience = PATIENCE_MS): Promise<Response | null> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    return null;
  }
}

/** Delete everything of the reader on this device. */
async function wipe(): Promise<void> {
  soon(null);
  const name = registered?.name;
  registered = null;
  database?.close();
  database = null;
  state.value = null;
  status.value = 'signed-out';
  reached.value = false;
  await publicStore((db) => db.delete('registry', 'me'));
  if (name) await deleteDB(name);
}

/** Tell the library of devices that were signed out while it could not be reached. */
async function revoke(): Promise<void> {
  const devices = await publicStore((db) => db.get('registry', 'revoked') as Promise<string[] | undefined>);
  for (const dev of devices ?? []) {
    const reply = await fetch(`/sync/1/device/${dev}`, { method: 'DELETE' }).catch(() => null);
    if (!reply || (reply.status >= 500 && reply.status !== 404)) return;
    const ended = await postJson('/session/end', {});
    if (!ended) return;
    await publicStore(async (db) => {
      const left = ((await db.get('registry', 'revoked')) as string[] | undefined) ?? [];
      await db.put('registry', left.filter((each) => each !== dev), 'revoked');
    });
  }
}

// ---------------------------------------------------------------- what views see

function facts<T>(kind: string): [string, { version: number; body: T }][] {
  return [...((state.value?.facts.get(kind) as ReadonlyMap<string, { version: number; body: T }> | undefined) ?? [])];
}

const shownAnswers = computed(() => (state.value?.answers ?? []).filter((each) => !each.put_away).toReversed());
const waitingWishes = computed(() => (state.value ? phone.waiting(state.value) : []));

function joined<T>(kind: string, names: (args: Record<string, unknown>) => unknown, wishes: readonly Wish[], answers: readonly Answer[]): Kept<T>[] {
  return facts<T>(kind).map(([id, fact]) => ({
    id,
    ...fact,
    wish: wishes.find((each) => names(each.args as Record<string, unknown>) === id) ?? null,
    answer: answers.find((each) => names(each.args as Record<string, unknown>) === id) ?? null,
  }));
}

const loans = computed(() =>
  joined<LoanFact>('loans', (args) => args['loan'], waitingWishes.value.filter((each) => each.op === 'loans.renew@1'), shownAnswers.value.filter((each) => each.op === 'loans.renew@1')),
);

const bookings = computed((): Kept<BookingFact>[] => {
  const about = (each: { op: string }): boolean => each.op.startsWith('bookings.') && each.op !== 'bookings.book@1';
  const held = joined<BookingFact>('bookings', (args) => args['booking'], waitingWishes.value.filter(about), shownAnswers.value.filter(about));
  const wished = waitingWishes.value
    .filter((each) => each.op === 'bookings.book@1')
    .map((wish): Kept<BookingFact> => ({ id: wish.u, version: 0, body: hoped(wish), wish, answer: null }));
  return [...held, ...wished].sort((a, b) => a.body.starts_at - b.body.starts_at);
});

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

const connection = computed((): Connection => {
  if (status.value === 'sign-in-again') return 'sign-in-again';
  if (state.value?.status === 'update') return 'update-needed';
  if (sending.value) return 'sending';
  if (reached.value) return 'online';
  return online.value ? (state.value && state.value.failures > 0 ? 'unreachable' : 'offline') : 'offline';
});

export const account = {
  status: status as ReadonlySignal<AccountStatus>,
  patron: computed(() => facts<PatronFact>('patron')[0]?.[1].body ?? null),
  loans: loans as ReadonlySignal<Kept<LoanFact>[]>,
  bookings: bookings as ReadonlySignal<Kept<BookingFact>[]>,
  waiting: waitingWishes as ReadonlySignal<Wish[]>,
  /** Not put away, the newest first. */
  answers: shownAnswers as ReadonlySignal<Answer[]>,
  heardAt: computed(() => state.value?.heard_at ?? null),
  connection: connection as ReadonlySignal<Connection>,

  /** The library's clock as well as this device can tell; epoch milliseconds. */
  now(): number {
    const held = state.peek();
    return (held && phone.libraryNow(held, Date.now())) ?? Date.now();
  },

  /**
   * Record a wish. It is stored before this resolves.
   *
   * 'full': too much waits already. 'not-kept': the device has no room left. In both, nothing was recorded.
   */
  async ask(op: string, args: object, seen: Record<string, unknown>, more: { until?: number; base?: Record<string, number> } = {}): Promise<'kept' | 'full' | 'not-kept'> {
    try {
      const kept = await change((now) => {
        const known = phone.libraryNow(now, Date.now()) !== null;
        const asked = phone.ask(now, {
          u: identity(),
          op,
          args,
          at: Date.now(),
          seen,
          ...(more.until !== undefined && known ? { until: more.until } : {}),
          ...(more.base ? { base: more.base } : {}),
        });
        return 'full' in asked ? { state: now, told: 'full' as const } : { state: asked.state, told: 'kept' as const };
      });
      if (kept === 'kept') soon(0);
      return kept;
    } catch {
      return 'not-kept';
    }
  },

  /** Take a waiting wish back. */
  async withdraw(u: string): Promise<void> {
    await change((now) => ({ state: phone.withdraw(now, u), told: null }));
    soon(0);
  },

  /** Hide an answer that was read. */
  async putAway(u: string): Promise<void> {
    await change((now) => ({ state: phone.putAway(now, u), told: null }));
  },

  async sendNow(): Promise<void> {
    await send();
  },

  /** Whom one may be in a demo; empty where this is none, null while the library cannot be reached. */
  async demoPatrons(): Promise<DemoPatron[] | null> {
    try {
      const reply = await fetch('/session/demo', { cache: 'no-store' });
      return reply.ok ? ((await reply.json()) as DemoPatron[]) : [];
    } catch {
      return null;
    }
  },

  async signIn(patron: string): Promise<boolean> {
    const reply = await postJson('/session/demo', { patron });
    return reply?.ok ? begin() : false;
  },

  /** 'no': number and code do not match. 'wait': too many were tried. */
  async signInWithCode(card_number: string, code: string): Promise<'in' | 'no' | 'wait' | 'unreachable'> {
    const reply = await postJson('/session/code', { card_number, code });
    if (!reply || reply.status >= 500) return 'unreachable';
    if (reply.status === 429) return 'wait';
    return reply.ok && (await begin()) ? 'in' : 'no';
  },

  /**
   * Sign out. With 'ask' what waits is sent first; what could not be sent is returned, and nobody was signed
   * out. With 'discard' it is given up.
   */
  async signOut(choice: 'ask' | 'discard'): Promise<{ left: Wish[] }> {
    const held = state.peek();
    if (!held) return { left: [] };
    if (choice === 'ask' && held.outbox.length) {
      await Promise.race([send(), new Promise((resolve) => setTimeout(resolve, LAST_TRY_MS))]);
      const left = state.peek() ? phone.waiting(state.peek() as PhoneState) : [];
      if (left.length) return { left };
    }
    await publicStore(async (db) => {
      const before = ((await db.get('registry', 'revoked')) as string[] | undefined) ?? [];
      await db.put('registry', [...before, held.dev].slice(-20), 'revoked');
    });
    await wipe();
    channel?.postMessage('bye');
    await Promise.race([revoke(), new Promise((resolve) => setTimeout(resolve, LAST_TRY_MS))]);
    return { left: [] };
  },

  /** How an answer is said aloud; given by the words. */
  speak(words: (answer: Answer) => string): void {
    spoken = words;
  },
};

export type Account = typeof account;

channel?.addEventListener('message', (event) => {
  if (event.data === 'changed') void readAgain();
  if (event.data === 'hello' || event.data === 'bye') location.reload();
});
addEventListener('online', () => {
  online.value = true;
  soon(0);
});
addEventListener('offline', () => {
  online.value = false;
  reached.value = false;
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && database) soon(0);
});

export const opening = open();
