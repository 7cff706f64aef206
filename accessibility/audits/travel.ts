/**
 * Leads through every view in every state it can be in, with the real app and the real server, and calls
 * `visit` at each. What is looked at there is the visitor's: an audit, a picture.
 */
import { launch, type Browser, type Tab } from '../../tests/journeys/browser.ts';
import { Reader } from '../../tests/journeys/reader.ts';
import { House, remove, temporary, type Wire } from '../../tests/journeys/server.ts';
import {
  activePatron,
  answered,
  askToBook,
  askToCancel,
  askToRenew,
  catalogueOnDevice,
  emptyPatron,
  hits,
  keptOffline,
  openLoans,
  openRooms,
  openWaiting,
  putAllAway,
  search,
  sendNow,
  settled,
  signIn,
  startSignOut,
  tapFree,
  type ActivePatron,
} from '../../tests/journeys/steps.ts';
import { wishes } from '../../tests/journeys/storage.ts';
import type { LoanFact, SyncHealth } from '../../pwa/app/facts.ts';
import { syncHealth } from '../../pwa/words/sync_health.ts';
import { signIn as signInWords, signOut as signOutWords } from '../../pwa/words/identity.ts';
import { download, search as searchWords } from '../../pwa/words/catalogue.ts';
import { notKept } from '../../pwa/words/common.ts';

export interface Place {
  view: string;
  state: string;
}
export type Visit = (tab: Tab, place: Place) => Promise<void>;

/** Views that anybody can open, and what each is called here. */
export const VIEWS: [string, string][] = [
  ['today', '/'],
  ['search', '/search'],
  ['loans', '/loans'],
  ['rooms', '/rooms'],
  ['rooms need', '/rooms/need'],
  ['waiting', '/waiting'],
  ['settings', '/settings'],
  ['hours', '/hours'],
  ['help', '/help'],
  ['more', '/more'],
  ['sync health', '/sync-health'],
  ['accessibility', '/accessibility'],
  ['not found', '/nowhere'],
];
const those = (...names: string[]): [string, string][] => VIEWS.filter(([view]) => names.includes(view));
const OWN = those('today', 'loans', 'rooms', 'waiting');

/** Outcomes of a wish that the demo's rules do not give by themselves; the last stays open, so it comes last. */
const OUTCOMES = ['changed', 'expired', 'invalid', 'failed', 'skipped', 'received'];

export interface Travel {
  width?: number;
  height?: number;
  /** Only the states whose name is among these; left out: all. */
  states?: string[];
}

/** One tab in one house, and who is led through. */
interface Trip {
  house: House;
  tab: Tab;
  /** Shows the visitor every one of these views in this state. */
  everywhere(state: string, views?: [string, string][]): Promise<void>;
  /** Shows the visitor what stands on the page now. */
  here(view: string, state: string): Promise<void>;
}

export async function travel(visit: Visit, options: Travel = {}): Promise<void> {
  const house = await House.open();
  const profiles = [temporary('profile'), temporary('profile'), temporary('profile')];
  const wanted = (state: string): boolean => options.states === undefined || options.states.includes(state);
  const open = async (profile: string, path: string): Promise<{ trip: Trip; browser: Browser }> => {
    const browser = await launch('chromium', profile, house.origin, { width: options.width ?? 320, height: options.height ?? 800 });
    const tab = await browser.open(path);
    const here = async (view: string, state: string): Promise<void> => {
      if (!wanted(state)) return;
      await settled(tab);
      await visit(tab, { view, state });
    };
    const everywhere = async (state: string, views = VIEWS): Promise<void> => {
      if (!wanted(state)) return;
      for (const [view, path] of views) {
        await tab.go(path);
        await here(view, state);
      }
    };
    return { trip: { house, tab, everywhere, here }, browser };
  };
  try {
    const nothingYet = await open(profiles[0] ?? '', '/settings');
    await nothingIsKnown(nothingYet.trip);
    await theCatalogueComes(nothingYet.trip);
    await nothingYet.browser.close();

    const { trip, browser } = await open(profiles[1] ?? '', '/');
    const patron = await activePatron(house.origin);
    await signedOut(trip);
    await withACode(trip);
    await nothingToShow(trip);
    await otherReaders(trip, patron);
    await somethingToShow(trip, patron);
    const record = await aRecord(trip, patron);
    await noNetwork(trip, patron, record);
    await wishesWait(trip, patron);
    await everyOutcome(trip);
    await theLibraryIsTroubled(trip, patron);
    await browser.close();

    const desk = await open(profiles[2] ?? '', '/');
    await forStaff(desk.trip);
    await desk.browser.close();
  } finally {
    await house.close();
    for (const profile of profiles) remove(profile);
  }
}

/** The first visit, when the library is slow to tell anything, and when it tells nothing. */
async function nothingIsKnown({ house, tab, everywhere, here }: Trip): Promise<void> {
  await keptOffline(tab);
  const asked = /^\/(pub|session|sync|catalogue)\b/;
  const release = hold(house.wire, asked);
  await everywhere('loading', those('today', 'search', 'rooms', 'hours', 'help'));
  await tab.go('/sign-in');
  await here('sign in', 'loading');
  await tab.go('/records/demo-1');
  await tab.shows('Opening the record');
  await here('record', 'loading');
  release();
  house.wire.fault = ({ path }) => asked.test(path);
  await everywhere('nothing known', those('today', 'search', 'rooms', 'rooms need', 'hours', 'help'));
  await tab.go('/sign-in');
  await here('sign in', 'unreachable');
  await search(tab, 'woolf');
  await tab.shows(searchWords.from.none);
  await here('search hits', 'nothing known');
  house.wire.fault = null;
}

/** A catalogue that is too big to come unasked: offered, on its way, and all that can stand in its way. */
async function theCatalogueComes({ house, tab, here }: Trip): Promise<void> {
  const { wire } = house;
  const part = /^\/catalogue\/1\/parts\//;
  const manifest = (change: object): void => {
    wire.rewrite = (path, body) => (path === '/catalogue/1/manifest' ? JSON.stringify({ ...(JSON.parse(body) as object), ...change }) : body);
  };
  const both = async (state: string, shown: string): Promise<void> => {
    for (const [view, path] of those('search', 'settings')) {
      await tab.go(path);
      await tab.shows(shown, 30_000);
      await here(view, state);
    }
  };
  manifest({ wire_bytes: 9_400_000, size_bytes: 4e12 });
  await both('no room for the catalogue', 'Free some space');
  await tab.read(async () => void (await caches.delete('carrel-catalogue')), null);
  manifest({ wire_bytes: 9_400_000 });
  await both('catalogue offered', 'Download 9.4 MB');
  const release = hold(wire, part);
  await tab.click('button', /^Download /, 'main');
  await tab.find({ role: 'button', name: download.pause, within: 'main' });
  await both('catalogue coming', download.pause);
  await tab.click('button', download.pause, 'main');
  await both('catalogue paused', 'Paused at');
  release();
  wire.fault = ({ path }) => part.test(path);
  await tab.click('button', download.goOn, 'main');
  await both('catalogue waiting', 'Waiting at');
  wire.fault = null;
  wire.spoil = (path, body) => (part.test(path) ? Buffer.from(`not ${body.length} bytes of a catalogue`) : body);
  await both('catalogue damaged', 'came damaged three times');
  wire.spoil = null;
  wire.rewrite = null;
}

async function signedOut({ tab, everywhere, here }: Trip): Promise<void> {
  await everywhere('signed out', [...VIEWS, ['sign in', '/sign-in']]);
  await tab.go('/sign-out');
  await here('sign out', 'signed out');
}

/** Outside a demo, card and code are asked for. */
async function withACode({ house, tab, here }: Trip): Promise<void> {
  house.wire.rewrite = (path, body) => (path === '/session/demo' ? '[]' : body);
  await tab.go('/sign-in');
  await tab.find({ role: 'textbox', name: signInWords.card });
  await here('sign in', 'card and code');
  await tab.click('button', signInWords.go, 'main');
  await tab.shows(signInWords.missing);
  await here('sign in', 'not filled in');
  await tab.fill('textbox', signInWords.card, '20000001');
  await tab.fill('textbox', signInWords.codeField, 'ABCD');
  await tab.click('button', signInWords.go, 'main');
  await tab.shows(signInWords.no);
  await here('sign in', 'refused');
  house.wire.rewrite = null;
}

async function nothingToShow({ house, tab, everywhere, here }: Trip): Promise<void> {
  await signIn(tab, (await emptyPatron(house.origin)).name);
  await everywhere('empty');
  await tab.go('/rooms');
  await choose(tab, { people: 12, minutes: 180, access: ['hearing_loop', 'quiet', 'adjustable_light'] });
  await tab.go('/rooms');
  await tab.shows('No room fits on that day');
  await here('rooms', 'nothing free');
  await choose(tab, null);
  await tab.go('/sign-out');
  await here('sign out', 'nothing waits');
  await startSignOut(tab);
}

async function somethingToShow({ tab, everywhere, here }: Trip, patron: ActivePatron): Promise<void> {
  await signIn(tab, patron.name);
  await search(tab, patron.words);
  await hits(tab);
  await here('search hits', 'from the library');
  await catalogueOnDevice(tab);
  await search(tab, patron.words);
  await hits(tab);
  await here('search hits', 'loaded');
  await search(tab, 'woolf lighthuose');
  await hits(tab);
  await here('search hits', 'another spelling');
  await search(tab, 'a');
  await hits(tab);
  await here('search hits', 'more than shown');
  await search(tab, 'zzqxv wvvk');
  await hits(tab);
  await here('search hits', 'empty');
  await everywhere('loaded');
  await openRooms(tab);
  await tab.click('link', 'Table', 'main');
  await here('rooms', 'table');
  await tab.click('link', 'List', 'main');
  await tab.click('button', /^Show \d+ more room/, 'main');
  await here('rooms', 'all shown');
  await tab.go('/settings');
  await settled(tab);
  await tab.read(() => dispatchEvent(new Event('beforeinstallprompt')), null);
  await tab.shows('Install');
  await here('settings', 'can be installed');
}

async function aRecord({ tab, here }: Trip, patron: ActivePatron): Promise<string> {
  await search(tab, patron.words);
  await hits(tab);
  await tab.click('link', new RegExp(patron.title.slice(0, 20)), 'main');
  await tab.until('the record is open', (title) => document.querySelector('h1')?.textContent?.includes(title), patron.title.slice(0, 20));
  await here('record', 'loaded');
  return tab.read(() => location.pathname, null);
}

/** As many of the other readers as it takes to see every state of a loan and of a booking, and every reason. */
async function otherReaders({ house, tab, everywhere }: Trip, besides: ActivePatron): Promise<void> {
  const marks = (reader: Reader): string[] => [
    ...reader.kept('loans').map(({ body }) => body as unknown as LoanFact).map((loan) => `${loan.state} ${loan.renewal.why} ${loan.renews_itself}`),
    ...reader.kept('bookings').map(({ body }) => `${body['state']} ${body['can_cancel']} ${Number(body['check_in_from']) <= Date.now()}`),
  ];
  const readers = await Promise.all(
    (await Reader.everyone(house.origin)).map(async (name) => {
      const reader = new Reader(house.origin);
      await reader.signIn([], name);
      return { name, shows: marks(reader) };
    }),
  );
  const seen = new Set(readers.find(({ name }) => name === besides.name)?.shows);
  for (;;) {
    const fresh = readers.map(({ name, shows }) => ({ name, shows: shows.filter((mark) => !seen.has(mark)) }));
    const next = fresh.sort((a, b) => b.shows.length - a.shows.length)[0];
    if (!next?.shows.length) break;
    for (const mark of next.shows) seen.add(mark);
    await signIn(tab, next.name);
    await everywhere(`of ${next.name}`, those('today', 'loans', 'rooms'));
    await startSignOut(tab);
  }
}

async function noNetwork({ house, tab, everywhere, here }: Trip, patron: ActivePatron, record: string): Promise<void> {
  await openLoans(tab);
  await openRooms(tab);
  await keptOffline(tab);
  await house.leave();
  await tab.go('/');
  await everywhere('offline');
  await tab.go(record);
  await here('record', 'offline');
  await search(tab, patron.words);
  await hits(tab);
  await here('search hits', 'offline');
  await tab.go('/records/there-is-none');
  await here('record', 'not found');
}

/** Asked for without a network, kept or not; then answered, one of them with other choices. */
async function wishesWait({ house, tab, everywhere, here }: Trip, patron: ActivePatron): Promise<void> {
  await openLoans(tab);
  await fillTheDisk(tab);
  await tab.click('button', /^Renew /, 'main');
  await tab.shows(notKept);
  await here('loans', 'not kept');
  await openRooms(tab);
  await fillTheDisk(tab);
  await tab.click('button', /^Book /, 'main');
  await tab.shows(notKept);
  await here('rooms', 'not kept');

  await askToRenew(tab, patron.renewable.title);
  await askToCancel(tab, patron.booking);
  const taken = await askToBook(tab, 0);
  await everywhere('waiting', OWN);
  await tab.go('/sign-out');
  await tab.click('button', /^Sign out/, 'main');
  await tab.shows('could not be sent', 30_000);
  await here('sign out', 'wishes wait');
  const wished = (await wishes(tab, 'bookings.book@1')).find((wish) => wish.args['room'] === taken.room)?.args ?? {};

  await house.library.start();
  const other = new Reader(`http://127.0.0.1:${house.library.port}`);
  await other.signIn([patron.id], patron.other);
  await other.push([{ op: 'bookings.book@1', args: wished }]);
  house.wire.fault = ({ path }) => path.startsWith('/sync');
  await house.wire.open();
  await tab.go('/sign-in');
  await tab.click('button', signInWords.as(patron.other), 'main');
  await tab.shows(signInWords.other);
  await here('sign in', 'wishes of another wait');
  house.wire.fault = null;
  await openWaiting(tab);
  await sendNow(tab);
  await answered(tab);
  await everywhere('refused', OWN);
}

async function everyOutcome({ house, tab, here }: Trip): Promise<void> {
  for (const outcome of OUTCOMES) {
    await openWaiting(tab);
    await putAllAway(tab);
    house.wire.rewrite = (path, body) => (path === '/sync/1' ? asIf(body, outcome) : body);
    await tapFree(tab, 1);
    await openWaiting(tab);
    await tab.until('the answer is there', () => document.querySelector('main article.answer .state') !== null, null, 30_000);
    await here('waiting', outcome);
    house.wire.rewrite = null;
  }
}

async function theLibraryIsTroubled({ house, tab, everywhere, here }: Trip, patron: ActivePatron): Promise<void> {
  house.wire.refuse = 503;
  await tab.go('/');
  await everywhere('unreachable', those('today', 'search', 'loans', 'rooms', 'waiting', 'hours'));
  house.wire.refuse = null;

  house.wire.rewrite = (path, body) => (path === '/service_worker.js' ? body.replace(/(\\"version\\":\\")\w+/, '$1newer') : body);
  await tab.go('/');
  await tab.read(async () => void (await (await navigator.serviceWorker.getRegistration())?.update()), null);
  await tab.shows('Start the newer Carrel');
  await here('today', 'a newer app is here');
  house.wire.rewrite = null;

  await tab.chromium().context().clearCookies();
  await openWaiting(tab);
  await tab.shows('You were signed out at the library');
  await everywhere('sign in again', [...OWN, ['sign in', '/sign-in']]);

  await signIn(tab, patron.name);
  house.wire.refuse = 426;
  await tab.go('/waiting');
  await tab.shows('This Carrel is too old for the library');
  await everywhere('too old', OWN);
  house.wire.refuse = null;

  await tab.go('/sign-out');
  await fillTheDisk(tab);
  await tab.click('button', signOutWords.go, 'main');
  await tab.shows(signOutWords.noRoom);
  await here('sign out', 'no room');
  await tab.read(async () => {
    const { storageBuckets } = navigator as unknown as { storageBuckets: { keys(): Promise<string[]>; delete(name: string): Promise<void> } };
    for (const name of await storageBuckets.keys()) await storageBuckets.delete(name);
  }, null);
  await tab.go('/sign-in');
  await tab.shows(signInWords.cleared);
  await here('sign in', 'cleared by the browser');
}

/** What only staff see: nothing wrong, everything wrong, and no answer to a second question. */
async function forStaff({ house, tab, everywhere, here }: Trip): Promise<void> {
  await signIn(tab, 'Wen Castellano');
  await everywhere('staff', those('more', 'help'));
  house.wire.rewrite = (path, body) => (path === '/staff/sync-health' ? JSON.stringify({ ...(JSON.parse(body) as SyncHealth), ...NOTHING_WRONG }) : body);
  await tab.go('/sync-health');
  await tab.shows(syncHealth.stuck.none);
  await here('sync health', 'nothing wrong');
  house.wire.rewrite = (path, body) => (path === '/staff/sync-health' ? JSON.stringify({ ...(JSON.parse(body) as SyncHealth), ...everythingWrong(Date.now()) }) : body);
  await tab.click('button', syncHealth.again, 'main');
  await tab.shows('Incident 0badcafe');
  await here('sync health', 'everything wrong');
  house.wire.refuse = 503;
  await tab.click('button', syncHealth.again, 'main');
  await tab.shows(syncHealth.stale);
  await here('sync health', 'stale');
  house.wire.refuse = null;
  house.wire.rewrite = null;
}

const NOTHING_WRONG: Partial<SyncHealth> = { stuck: [], failed: [], refused: [], clocks: [], anew: [] };

function everythingWrong(now: number): Partial<SyncHealth> {
  const seen_at = now - 20 * 60_000;
  return {
    stuck: [
      { device: '0123abcd', why: 'answers_not_taken', op: 'loans.renew@1', since_at: now - 30 * 3_600_000, seen_at },
      { device: '4567abcd', why: 'waits_elsewhere', op: 'loans.renew@1', since_at: now - 2 * 3_600_000, seen_at },
    ],
    failed: [
      { incident: '0badcafe', op: 'bookings.book@1', code: '', at: now - 3_600_000, wish: JSON.stringify({ n: 4, op: 'bookings.book@1', args: { room: 'colchester-room-2', party: 3 } }) },
      { incident: '0badc0de', op: 'loans.renew@1', code: 'not_known', at: now - 90 * 60_000, wish: JSON.stringify({ n: 5, op: 'loans.renew@1', args: { loan: 'loan-01-07' } }) },
    ],
    refused: [
      { op: 'bookings.book@1', code: 'room_taken', times: 14 },
      { op: 'loans.renew@1', code: 'requested', times: 3 },
    ],
    clocks: [{ device: '89ababcd', ahead_ms: -10 * 365 * 86_400_000, seen_at }],
    anew: [{ device: 'cdefabcd', times: 4, seen_at }],
  };
}

/** Keeps what is asked for waiting, until the returned function lets it fail. */
function hold(wire: Wire, asked: RegExp): () => void {
  let release = (): void => undefined;
  const released = new Promise<boolean>((resolve) => {
    release = () => resolve(true);
  });
  wire.fault = ({ path }, when) => when === 'asked' && asked.test(path) && released;
  return release;
}

/** From here on, until another page is opened, the browser says that there is no room for anything more. */
async function fillTheDisk(tab: Tab): Promise<void> {
  await tab.read(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('no room', 'QuotaExceededError');
    };
  }, null);
}

/** What a room has to have, as the form would have kept it; null forgets it. */
async function choose(tab: Tab, needs: object | null): Promise<void> {
  await tab.read((kept) => {
    if (kept) localStorage.setItem('carrel.reader.rooms', JSON.stringify(kept));
    else localStorage.removeItem('carrel.reader.rooms');
  }, needs);
}

/** The library's reply, as if every outcome in it had been another. */
function asIf(body: string, state: string): string {
  const reply = JSON.parse(body) as { done?: [number, number][]; outcomes?: Record<string, unknown>[] };
  const places = [
    ...(reply.done ?? []).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, step) => from + step)),
    ...(reply.outcomes ?? []).map((outcome) => Number(outcome['n'])),
  ];
  if (places.length === 0) return body;
  const { done: _, ...rest } = reply;
  return JSON.stringify({ ...rest, outcomes: places.map((n) => ({ n, st: state, ...(state === 'received' ? { eta: 60 } : {}) })) });
}
