/** What a person does in Carrel, one step at a time, found by roles and by the app's own words. */
import { wishes } from './storage.ts';
import { rooms } from '../../pwa/words/bookings.ts';
import { loans as loanWords, why } from '../../pwa/words/loans.ts';
import { signIn as signInWords, signOut } from '../../pwa/words/identity.ts';
import { day, dayOf } from '../../pwa/words/dates.ts';
import type { BookingFact, LoanFact } from '../../pwa/app/facts.ts';
import type { Tab } from './browser.ts';
import { Reader } from './reader.ts';

export interface ActivePatron {
  id: string;
  name: string;
  /** Finds `title`. */
  words: string;
  title: string;
  renewable: { id: string; title: string; due_on: string; safe: string };
  /** Why others do not renew, in the app's words. */
  reasons: string[];
  booking: { id: string; body: BookingFact };
  /** The name of another reader. */
  other: string;
}

async function demo(origin: string): Promise<{ id: string; name: string; about: string }[]> {
  return (await (await fetch(`${origin}/session/demo`)).json()) as { id: string; name: string; about: string }[];
}

/** The first made-up reader, who has something of everything. */
export async function activePatron(origin: string): Promise<ActivePatron> {
  const patrons = await demo(origin);
  const first = patrons[0];
  if (!first) throw new Error('expected made-up readers, got none');
  const reader = new Reader(origin);
  await reader.signIn([], first.name);
  const loans = reader.kept('loans').map((row) => ({ id: row.id, body: row.body as unknown as LoanFact }));
  const bookings = reader.kept('bookings').map((row) => ({ id: row.id, body: row.body as unknown as BookingFact }));
  // One that the library decides about itself: elsewhere the answer comes later.
  const renewable = loans.find((each) => each.body.renewal.can && each.body.system === 'university');
  const booking = bookings.find((each) => each.body.can_cancel);
  if (!renewable || !booking) throw new Error('expected a loan to renew and a booking to cancel, got neither or one');
  return {
    id: first.id,
    name: first.name,
    words: 'woolf lighthouse',
    title: 'To the Lighthouse',
    renewable: {
      id: renewable.id,
      title: renewable.body.title,
      due_on: renewable.body.due_on,
      safe: `Safe until ${day(renewable.body.due_on, dayOf(Date.now()))}`,
    },
    // one that renews itself later needs no reason why it cannot be renewed now
    reasons: [...new Set(loans.flatMap(({ body }) => (body.renewal.why && !body.renews_itself ? [why[body.renewal.why]] : [])))],
    booking,
    other: patrons[4]?.name ?? '',
  };
}

/** A made-up reader who has nothing yet. */
export async function emptyPatron(origin: string): Promise<{ id: string; name: string }> {
  const found = (await demo(origin)).find((each) => /nothing/.test(each.about));
  if (!found) throw new Error('expected a reader with nothing, got none');
  return found;
}

export async function signIn(tab: Tab, name: string): Promise<void> {
  await tab.go('/sign-in');
  await tab.click('button', signInWords.as(name), 'main');
  await tab.until('the first page is open', () => location.pathname === '/' && document.querySelector('#h-next') !== null, null);
}

/** The view is drawn and nothing moves any more. */
export async function settled(tab: Tab): Promise<void> {
  await tab.until('the view is drawn', () => document.querySelector('main h1')?.textContent && document.fonts.status === 'loaded', null);
  await tab.read(() => new Promise((done) => setTimeout(done, 120)), null);
}

export async function search(tab: Tab, words: string): Promise<void> {
  if (!(await tab.read(() => location.pathname === '/search', null))) await tab.go('/search');
  await tab.until('the search box is there', () => document.querySelector('main input[type=search]') !== null, null);
  await tab.fill('searchbox', /./, words);
  await tab.until('the words are in the box', (typed) => (document.querySelector('main input[type=search]') as HTMLInputElement | null)?.value === typed, words);
}

/** The hits, each as a person reads it; waits for the first. */
export async function hits(tab: Tab): Promise<string[]> {
  await tab.until('an answer of the search is there', () => document.querySelector('#h-results') !== null, null);
  await tab.read(() => new Promise((done) => setTimeout(done, 400)), null);
  return tab.read(() => [...document.querySelectorAll<HTMLElement>('main .hit')].map((each) => each.innerText.replace(/\s+/g, ' ')), null);
}

export async function catalogueOnDevice(tab: Tab): Promise<void> {
  await tab.until('the catalogue is on this device', () => /on this device, as of|until Carrel is closed/.test(document.body.innerText), null, 30_000);
}

/** The app's files, and those of the search, are kept for a time without a network. */
export async function keptOffline(tab: Tab): Promise<void> {
  await tab.until(
    'the app is kept on the device',
    async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      return registration?.active?.state === 'activated' && (await caches.keys()).some((name) => name.startsWith('carrel-shell'));
    },
    null,
    30_000,
  );
}

async function openAt(tab: Tab, path: string, ready: string): Promise<void> {
  await tab.go(path);
  await tab.until(`${path} is drawn`, (selector) => document.querySelector(selector) !== null, ready);
  await tab.read(() => new Promise((done) => setTimeout(done, 250)), null);
}

export const openLoans = (tab: Tab): Promise<void> => openAt(tab, '/loans', 'main h3');
export const openRooms = (tab: Tab): Promise<void> => openAt(tab, '/rooms', '#h-free');
export const openWaiting = (tab: Tab): Promise<void> => openAt(tab, '/waiting', 'main h2');

export async function askToRenew(tab: Tab, title: string): Promise<void> {
  await openLoans(tab);
  await tab.click('button', loanWords.renew(title), 'main');
  await tab.shows(loanWords.withdraw(title));
}

export async function askToCancel(tab: Tab, booking: { id: string; body: BookingFact }): Promise<void> {
  await openRooms(tab);
  await tab.click('button', rooms.cancel(booking.body, Date.now()), 'main');
  await tab.shows(rooms.cancelWaits);
}

/** Taps the first free room from the `place`th on; its name. */
export async function tapFree(tab: Tab, place: number): Promise<string> {
  await openRooms(tab);
  // what a refusal offers stands above, and its buttons say Book too
  const free = 'main section[aria-labelledby="h-free"]';
  const name = (await tab.names({ role: 'button', name: /^Book /, within: free }))[place];
  if (!name) throw new Error(`expected ${place + 1} free rooms, got fewer`);
  const room_name = /^Book (.*), [^,]*$/.exec(name)?.[1] ?? '';
  // what was said of the same room before does not count
  await tab.read(() => document.querySelector('#announcer')?.replaceChildren(), null);
  await tab.click('button', name, free);
  // a page that is left before the wish is on the disk keeps nothing, and has said nothing
  await tab.until('the wish or its answer is said', (named) => document.querySelector('#announcer')?.textContent?.includes(named), room_name);
  return room_name;
}

/** Asks for a free room where no answer can come yet; what was asked for, as the outbox keeps it. */
export async function askToBook(tab: Tab, place: number): Promise<{ room: string; room_name: string }> {
  const room_name = await tapFree(tab, place);
  await tab.shows('Withdraw');
  const wish = (await wishes(tab, 'bookings.book@1')).find((each) => each.seen['room_name'] === room_name);
  if (!wish) throw new Error(`expected a wish for ${room_name} to be kept, found none`);
  return { room: String(wish.args['room']), room_name };
}

export async function waitingShown(tab: Tab): Promise<string[]> {
  await tab.until('what waits is drawn', () => document.querySelector('main .wish, main .answer, main .empty') !== null, null);
  return tab.read(() => [...document.querySelectorAll<HTMLElement>('main ol > .wish h2')].map((each) => each.innerText), null);
}

export async function withdrawBooking(tab: Tab, room_name: string): Promise<void> {
  const before = (await waitingShown(tab)).length;
  await tab.click('button', new RegExp(`^Withdraw: Book ${room_name},`), 'main');
  await tab.until('one wish fewer waits', (count) => document.querySelectorAll('main ol > .wish').length === count - 1, before);
}

/** Sends what waits; the app may have done so by itself already. */
export async function sendNow(tab: Tab): Promise<void> {
  const waits = await tab.count({ role: 'button', name: /^Try to send/, within: 'main' });
  if (waits) await tab.click('button', /^Try to send/, 'main').catch(() => undefined);
}

/** Every wish has its answer; with a number, at least so many answers are shown. */
export async function answered(tab: Tab, least = 1): Promise<void> {
  if (!(await tab.read(() => location.pathname === '/waiting', null))) await openAt(tab, '/waiting', 'main h2');
  await tab.until('nothing waits and the answers are there', (count) => !document.querySelector('main .wish') && document.querySelectorAll('main article.answer').length >= count, least, 60_000);
}

export async function answersShown(tab: Tab): Promise<string[]> {
  await tab.until('what was answered is drawn', () => document.querySelector('main .wish, main .answer, main .empty') !== null, null);
  return tab.read(() => [...document.querySelectorAll<HTMLElement>('main article.answer')].map((each) => each.innerText.replace(/\s+/g, ' ')), null);
}

export async function alternatives(tab: Tab): Promise<string[]> {
  return tab.names({ role: 'button', name: /^Book /, within: 'main' });
}

/** Puts every answer away, one after the other. */
export async function putAllAway(tab: Tab): Promise<void> {
  for (;;) {
    const left = (await answersShown(tab)).length;
    if (left === 0) return;
    await tab.click('button', /^Put this answer away/, 'main');
    await tab.until('one answer fewer is shown', (count) => document.querySelectorAll('main article.answer').length < count, left);
  }
}

export async function putAway(tab: Tab): Promise<void> {
  await tab.click('button', /^Put this answer away/, 'main');
  await tab.read(() => new Promise((done) => setTimeout(done, 300)), null);
}

/** From now on everything that the live region says is written down. */
export async function listen(tab: Tab): Promise<void> {
  await tab.read(() => {
    const page = window as unknown as { heard: string[] };
    page.heard = [];
    const region = document.getElementById('announcer');
    if (!region) throw new Error('expected an announcer, got none');
    new MutationObserver(() => {
      if (region.textContent) page.heard.push(region.textContent);
    }).observe(region, { childList: true, characterData: true, subtree: true });
  }, null);
}

/** What the live region has said, once every answer has been spoken. */
export async function announcements(tab: Tab): Promise<string[]> {
  await tab.read(() => new Promise((done) => setTimeout(done, 3_500)), null);
  return tab.read(() => (window as unknown as { heard: string[] }).heard, null);
}

/** Each answer that is shown has been said once, by its own name. */
export async function heardOnce(tab: Tab): Promise<void> {
  const said = await announcements(tab);
  const names = await tab.names({ role: 'heading', within: 'main ul:has(> li > article.answer)' });
  const answers = names.filter((name) => /^(Renew|Book|Cancel) /.test(name));
  if (!answers.length) throw new Error('expected answers on the page, got none');
  for (const name of answers) {
    const times = said.filter((each) => each.startsWith(`${name}.`)).length;
    if (times !== 1) throw new Error(`expected “${name}” to be said once, got ${times} times in: ${said.join(' | ')}`);
  }
}

export async function startSignOut(tab: Tab): Promise<void> {
  await tab.go('/sign-out');
  await tab.click('button', signOut.go, 'main');
  await tab.shows(signOut.out.heading);
}

