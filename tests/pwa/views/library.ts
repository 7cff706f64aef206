/** A made-up library for whole views: what everyone may know, one reader's things, and a decision for each wish. */
import { checksum, type Fact } from '../../../sync/phone/facts.ts';
import type { Alternative, Outcome, Reply, Request } from '../../../sync/phone/phone.ts';
import { WIRE_VERSION } from '../../../sync/schema/messages.ts';
import type { Intent } from '../../../sync/phone/phone.ts';
import type { Hit, RecordView, Results } from '../../../pwa/catalogue/records.ts';
import type { Availability, Book, BookingFact, DemoPatron, LibraryInfo, LoanFact, PatronFact, RoomView, Shown, SyncHealth } from '../../../pwa/app/facts.ts';
import { AT, Library } from '../app/tabs.ts';

export { AT };
const HOUR_MS = 3_600_000;
/** 14:00 on the day of the tests, in the library's zone. */
export const TWO = AT - (AT % (24 * HOUR_MS)) + 14 * HOUR_MS;
/** When the library wrote down what everyone may know. */
const AS_OF = AT - 12 * 60_000;

const LOAN: LoanFact = {
  record: 'b1', title: 'Beloved', author: 'Toni Morrison', shelfmark: 'PS 3563 .O8749', item: 'i1', kind: 'book', system: 'university',
  site: 'colchester', issued_on: '2026-11-02', due_on: '2026-11-30', renewals: 1, renewal: { can: true, until: '2026-12-21' },
  renews_itself: true, keep_until: '2027-11-02', state: 'on_loan', shelf: 'PS',
};

/** A loan that renews, but for what is said otherwise. */
export function loan(over: Partial<LoanFact> = {}): LoanFact {
  return { ...LOAN, ...over };
}

export const REQUESTED = loan({
  record: 'b2', title: 'Jazz', due_on: '2026-11-26', renewal: { can: false, why: 'requested' }, renews_itself: false, state: 'requested',
});

/** A booking of today from 14:00 to 16:00, but for what is said otherwise. */
export function booking(over: Partial<BookingFact> = {}): BookingFact {
  return {
    room: 'r1', room_name: 'Group Room 1', kind: 'room', site: 'colchester', floor: 'Floor 2', starts_at: TWO, ends_at: TWO + 2 * HOUR_MS, party: 2,
    state: 'confirmed', grace_ends_at: TWO + 15 * 60_000, check_in_from: TWO - 15 * 60_000, can_cancel: true, access: ['step_free'], ...over,
  };
}

/** A room for 1 to 6, free today from 13:00 to 18:00, but for what is said otherwise. */
export function room(over: Partial<RoomView> = {}): RoomView {
  return {
    id: 'r1', name: 'Group Room 1', kind: 'room', site: 'colchester', floor: 'Floor 2', seats: [1, 6], equipment: ['Whiteboard'], note: '',
    access: { step_free: true, hearing_loop: false, adjustable_desk: false, adjustable_light: false, quiet: false, steps_at_entrance: 0 },
    rules: { slot_minutes: 30, least_minutes: 30, most_minutes: 180, days_ahead: 14, same_day: true, grace_minutes: 15 },
    free: [[TWO - HOUR_MS, TWO + 4 * HOUR_MS]], ...over,
  };
}

/** What could be had in place of a room: the same hours in another. */
export function alternative(name: string, over: Partial<Shown> = {}, why = 'same_time_elsewhere'): Alternative {
  const shown: Shown = {
    room_name: name, kind: 'room', site: 'colchester', floor: 'Floor 3', seats: [1, 6], access: ['step_free'], equipment: [], starts_at: TWO - HOUR_MS, ends_at: TWO, ...over,
  };
  const args: Book = { room: name.toLowerCase().replaceAll(' ', '-'), starts_at: shown.starts_at, ends_at: shown.ends_at, party: 1, access: [] };
  return { op: 'bookings.book@1', args: { ...args }, why, shown: { ...shown } };
}

export const PATRON: PatronFact = { name: 'Amina Yusuf', card_number: '29100', category: 'undergraduate', site: 'colchester', expires_on: '2027-09-30', systems: [], works_here: false };

export const RECORD: RecordView = {
  id: 'b1', title: 'Beloved', title_original: null, lang: 'en', lang_original: '', author: 'Morrison, Toni', author_original: '', year: 1987, kind: 'book',
  site: 'colchester', place: 'Floor 4', shelfmark: 'PS 3563 .O8749', copies: 2, online: null, marks: [], publisher: 'Knopf', edition: '', extent: '275 pages',
  series: '', contributors: [], subjects: ['Ohio: Fiction'], notes: [], isbn: [], links: [], holdings: [{ site: 'colchester', place: 'Floor 4', shelfmark: 'PS 3563 .O8749', copies: 2 }],
};

/** Holds what a reader has, decides what they ask as its rules would, and says what changed. */
export class WholeLibrary extends Library {
  demo: DemoPatron[] = [{ id: 'p1', name: 'Amina Yusuf', about: 'Books that renew, one that does not' }];
  /** Which codes it knows: card and code. */
  codes = new Map<string, string>();
  triesLeft = 3;
  rooms: RoomView[] = [room(), room({ id: 'r3', name: 'Group Room 3', floor: 'Floor 3', free: [[TWO, TWO + 4 * HOUR_MS]] })];
  records: RecordView[] = [RECORD];
  /** What it takes a mistyped word for. */
  readonly corrections = new Map<string, string>();
  availability: Availability['records'] = {};
  /** How the next wishes are decided, in their order; by the rules once there is none. */
  readonly verdicts: Omit<Outcome, 'n'>[] = [];
  info: LibraryInfo = {
    as_of: AS_OF, name: 'Estuary University Library', timezone: 'Europe/London', demo: true,
    sites: [
      {
        id: 'colchester', name: 'Colchester',
        points: [
          { id: 'building', name: 'Colchester library', kind: 'building', contact: '', weekly: Array.from({ length: 7 }, () => [['00:00', '24:00']]), exceptions: [], note: 'Bring your library card after 22:00.' },
          { id: 'desk', name: 'Help desk', kind: 'desk', contact: 'Ground floor', weekly: Array.from({ length: 7 }, (_, i) => (i < 5 ? [['09:00', '18:00']] : [])), exceptions: [{ on: '2026-11-18', open: [], why: 'A day that is past' }, { on: '2026-11-25', open: [['11:00', '18:00']], why: 'Staff training' }], note: '' },
        ],
      },
    ],
    contacts: [{ kind: 'email', label: 'Write to us', value: 'library@example.org' }],
  };
  /** What staff are told of phones; a status where they are told nothing. */
  health: SyncHealth | 401 | 403 | 500 = 403;
  private readonly ended: Outcome[] = [];
  private readonly mine = new Map<string, Map<string, Fact>>();
  /** What changed, in order: kind and id. The cursor counts them. */
  private readonly news: [string, string][] = [];

  constructor(things: { loans?: Record<string, LoanFact>; bookings?: Record<string, BookingFact> } = {}) {
    super();
    this.facts = this.mine;
    this.tell('patron', 'p1', { ...PATRON });
    for (const [id, body] of Object.entries(things.loans ?? { l1: loan(), l2: REQUESTED })) this.tell('loans', id, { ...body });
    for (const [id, body] of Object.entries(things.bookings ?? {})) this.tell('bookings', id, { ...body });
  }

  /** Something of the reader is so from now on. */
  tell(kind: string, id: string, body: Record<string, unknown>): void {
    const ofKind = this.mine.get(kind) ?? new Map<string, Fact>();
    this.mine.set(kind, ofKind);
    ofKind.set(id, { version: (ofKind.get(id)?.version ?? 0) + 1, body });
    this.news.push([kind, id]);
  }

  override async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const method = init.method ?? 'GET';
    if (this.there && path === '/staff/sync-health') {
      this.heard.push(`${method} ${path}`);
      return typeof this.health === 'number' ? new Response(null, { status: this.health }) : Response.json(this.health);
    }
    const asked = new URL(path, 'https://library.example');
    const told = this.there && method === 'GET' ? this.open(asked) : undefined;
    if (told !== undefined) {
      this.heard.push(`${method} ${path}`);
      return told === null ? new Response(null, { status: 404 }) : Response.json(told);
    }
    if (this.there && path === '/session/code') {
      const { card_number, code } = JSON.parse(String(init.body)) as { card_number: string; code: string };
      if (this.triesLeft === 0) return new Response(null, { status: 429 });
      if (this.codes.get(card_number) !== code) {
        this.triesLeft -= 1;
        return new Response(null, { status: 401 });
      }
      this.patron = { id: 'p1', name: PATRON.name };
      return Response.json({ patron: this.patron, demo: false });
    }
    this.now = Date.now();
    return super.fetch(path, init);
  }

  /** What anyone may ask; undefined where it is for one reader, null where there is no such thing. */
  private open({ pathname, searchParams }: URL): unknown {
    if (pathname === '/pub/1/library') return this.info;
    if (pathname === '/pub/1/rooms/colchester') return { as_of: AS_OF, site: 'colchester', rooms: this.rooms };
    if (pathname === '/pub/1/availability') return { as_of: AS_OF, records: this.availability } satisfies Availability;
    if (pathname === '/session/demo') return this.demo;
    if (pathname === '/catalogue/1/search') return this.search(searchParams.get('q') ?? '', Number(searchParams.get('limit')));
    if (pathname.startsWith('/catalogue/1/records/')) return this.records.find(({ id }) => pathname.endsWith(`/${id}`)) ?? null;
    return undefined;
  }

  private search(typed: string, limit: number): Omit<Results, 'from'> & { as_of: number } {
    const corrected = this.corrections.get(typed) ?? null;
    const word = (corrected ?? typed).toLowerCase();
    const hits = this.records.filter(({ title, author }) => `${title} ${author}`.toLowerCase().includes(word)).map((each): Hit => ({ ...each, marks: [word] }));
    return { hits: hits.slice(0, limit), more: hits.length > limit, count: hits.length, corrected, as_of: AS_OF };
  }

  /** What was received has its end. */
  end(outcome: Omit<Outcome, 'n'>): void {
    for (const [u, { n, st }] of this.decided) {
      if (st !== 'received') continue;
      this.decided.set(u, { n, ...outcome });
      this.ended.push({ n, ...outcome });
    }
  }

  override answer(request: Request): ReturnType<Library['answer']> {
    if (!this.patron) return { status: 401, code: 'auth' };
    const outcomes: Outcome[] = [...this.ended];
    for (const wish of (request.intents ?? []) as Intent[]) {
      if (!this.decided.has(wish.u)) this.decided.set(wish.u, { n: wish.n, ...(this.verdicts.shift() ?? this.decide(wish)) });
      outcomes.push(this.decided.get(wish.u) as Outcome);
      this.upto = Math.max(this.upto, wish.n);
    }
    const known = request.cur ? Number(request.cur.slice(1)) : 0;
    const rows: NonNullable<Reply['rows']> = [...new Set(this.news.slice(known).map((each) => each.join(' ')))].map((each) => {
      const [kind = '', id = ''] = each.split(' ');
      const fact = this.mine.get(kind)?.get(id) as Fact;
      return [kind, id, fact.version, fact.body];
    });
    return { v: WIRE_VERSION, now: this.now, epoch: 'e1', upto: this.upto, cur: `c${this.news.length}`, outcomes, rows, reset: !request.cur, sum: checksum(this.mine) };
  }

  private decide({ op, args, u }: Intent): Omit<Outcome, 'n'> {
    if (op === 'sync.withdraw@1') return { st: 'withdrawn' };
    if (op === 'loans.renew@1') {
      const { loan: id } = args as { loan: string };
      const held = this.mine.get('loans')?.get(id)?.body as unknown as LoanFact;
      if (!held.renewal.can) return { st: 'refused', code: held.renewal.why as string };
      const due_on = held.renewal.until as string;
      this.tell('loans', id, { ...held, due_on, renewals: (held.renewals ?? 0) + 1, renewal: { can: false, why: 'too_soon' } });
      return { st: 'done', said: { due_on } };
    }
    if (op === 'bookings.book@1') {
      const { room: id, starts_at, ends_at, party } = args as Book;
      const found = this.rooms.find((each) => each.id === id);
      this.tell('bookings', u, { ...booking({ room: id, room_name: found?.name ?? id, floor: found?.floor ?? '', starts_at, ends_at, party, grace_ends_at: starts_at + 15 * 60_000, check_in_from: starts_at - 15 * 60_000 }) });
      return { st: 'done' };
    }
    const { booking: id } = args as { booking: string };
    const held = this.mine.get('bookings')?.get(id)?.body;
    this.tell('bookings', id, { ...held, state: op === 'bookings.cancel@1' ? 'cancelled' : 'checked_in', can_cancel: false });
    return { st: 'done' };
  }
}
