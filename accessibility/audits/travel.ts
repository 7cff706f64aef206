/**
 * Leads through every view in every state it can be in, with the real app and the real server, and calls
 * `visit` at each. What is looked at there is the visitor's: an audit, a picture.
 */
import { launch, type Browser, type Tab } from '../../tests/journeys/browser.ts';
import { House, remove, temporary } from '../../tests/journeys/server.ts';
import {
  activePatron,
  answered,
  answersShown,
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
  search,
  sendNow,
  settled,
  signIn,
  startSignOut,
  tapFree,
  wrongCode,
} from '../../tests/journeys/steps.ts';
import { Reader } from '../../tests/journeys/reader.ts';
import { wishes } from '../../tests/journeys/storage.ts';

export interface Place {
  view: string;
  state: string;
}
export type Visit = (tab: Tab, place: Place) => Promise<void>;

/** Views that anybody can open, and what each is called here. */
const VIEWS: [string, string][] = [
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
  ['accessibility', '/accessibility'],
  ['not found', '/nowhere'],
];

/** States of the outcome of a wish that the demo's rules do not give by themselves. */
const OUTCOMES = ['changed', 'received', 'expired', 'invalid', 'failed', 'skipped'];

export interface Travel {
  width?: number;
  height?: number;
  /** Only the states whose name is among these; left out: all. */
  states?: string[];
}

export async function travel(visit: Visit, options: Travel = {}): Promise<void> {
  const house = await House.open();
  const profile = temporary('profile');
  const browser: Browser = await launch('chromium', profile, house.origin, {
    width: options.width ?? 320,
    height: options.height ?? 800,
  });
  const wanted = (state: string): boolean => options.states === undefined || options.states.includes(state);
  const everywhere = async (tab: Tab, state: string, views = VIEWS): Promise<void> => {
    if (!wanted(state)) return;
    for (const [view, path] of views) {
      await tab.go(path);
      await settled(tab);
      await visit(tab, { view, state });
    }
  };
  const here = async (tab: Tab, view: string, state: string): Promise<void> => {
    if (!wanted(state)) return;
    await settled(tab);
    await visit(tab, { view, state });
  };
  try {
    const patron = await activePatron(house.origin);
    const empty = await emptyPatron(house.origin);
    const tab = await browser.open('/');

    await everywhere(tab, 'signed out', [...VIEWS, ['sign in', '/sign-in']]);
    await wrongCode(tab);
    await here(tab, 'sign in', 'refused');

    await signIn(tab, empty.name);
    await everywhere(tab, 'empty');
    await tab.go('/sign-out');
    await here(tab, 'sign out', 'empty');
    await startSignOut(tab);
    await here(tab, 'sign out', 'signed out');

    await signIn(tab, patron.name);
    await search(tab, patron.words);
    await hits(tab);
    await here(tab, 'search hits', 'loaded');
    await search(tab, 'zzqxv wvvk');
    await here(tab, 'search hits', 'empty');
    await catalogueOnDevice(tab);
    await everywhere(tab, 'loaded');
    await search(tab, patron.words);
    await hits(tab);
    await tab.click('link', new RegExp(patron.title.slice(0, 20)), 'main');
    await here(tab, 'record', 'loaded');
    const record = await tab.read(() => location.pathname, null);
    await openLoans(tab);
    await openRooms(tab);
    await keptOffline(tab);

    await house.leave();
    await tab.go('/');
    await everywhere(tab, 'offline');
    await tab.go(record);
    await here(tab, 'record', 'offline');
    await search(tab, patron.words);
    await hits(tab);
    await here(tab, 'search hits', 'offline');
    await tab.go('/records/there-is-none');
    await here(tab, 'record', 'not found');

    await openLoans(tab);
    await askToRenew(tab, patron.renewable.title);
    await askToCancel(tab, patron.booking);
    const taken = await askToBook(tab, 0);
    await here(tab, 'rooms', 'waiting');
    await everywhere(tab, 'waiting', VIEWS.filter(([view]) => ['today', 'loans', 'rooms', 'waiting'].includes(view)));
    await tab.go('/sign-out');
    await here(tab, 'sign out', 'waiting');
    const wished = (await wishes(tab, 'bookings.book@1')).find((wish) => wish.args['room'] === taken.room)?.args ?? {};

    await house.library.start();
    const other = new Reader(`http://127.0.0.1:${house.library.port}`);
    await other.signIn([patron.id], patron.other);
    await other.push([{ op: 'bookings.book@1', args: wished }]);
    await house.wire.open();
    await openWaiting(tab);
    await sendNow(tab);
    await answered(tab);
    await everywhere(tab, 'refused', VIEWS.filter(([view]) => ['today', 'loans', 'rooms', 'waiting'].includes(view)));

    for (const outcome of OUTCOMES) {
      house.wire.rewrite = (path, body) => (path === '/sync/1' ? asIf(body, outcome) : body);
      const before = (await answersShown(tab)).length;
      await tapFree(tab, 1);
      await openWaiting(tab);
      await (outcome === 'received' ? tab.shows('The library has it') : answered(tab, before + 1));
      await here(tab, 'waiting', outcome);
      house.wire.rewrite = null;
    }

    house.wire.refuse = 503;
    await tab.go('/');
    await everywhere(tab, 'unreachable', VIEWS.filter(([view]) => ['today', 'search', 'loans', 'rooms', 'waiting', 'hours'].includes(view)));
    house.wire.refuse = null;

    await tab.chromium().context().clearCookies();
    await openWaiting(tab);
    await everywhere(tab, 'sign in again', VIEWS.filter(([view]) => ['today', 'loans', 'waiting'].includes(view)));
  } finally {
    await browser.close();
    await house.close();
    remove(profile);
  }
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
