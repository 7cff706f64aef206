/** Everything with real key presses and nothing else, in each browser; the focus is never lost on the way. */
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, KINDS, launch, type Tab } from './browser.ts';
import { House, remove, temporary } from './server.ts';
import { activePatron, answersShown, catalogueOnDevice, keptOffline } from './steps.ts';
import { frame } from '../../pwa/words/common.ts';
import { signIn as signInWords } from '../../pwa/words/identity.ts';
import { loans } from '../../pwa/words/loans.ts';
import { today } from '../../pwa/words/today.ts';

afterAll(closeAll);

/** Goes to the bar, which stands before the page, and into one of its places; the heading takes the focus. */
async function goTo(tab: Tab, place: string | RegExp, heading: string): Promise<void> {
  await tab.tabTo(place, 'Shift+Tab');
  await tab.press('Enter');
  await onHeading(tab, heading);
}

async function onHeading(tab: Tab, words: string): Promise<void> {
  await tab.until(`the heading “${words}” has the focus`, (text) => document.activeElement?.tagName === 'H1' && document.activeElement.textContent?.includes(text), words);
}

/** Something on the page still has the focus, so that the next key goes on from there. */
async function focusIsKept(tab: Tab): Promise<void> {
  await tab.until('something within the page has the focus', () => document.activeElement?.closest('main') !== null, null);
}

describe.each(KINDS)('%s', (kind) => {
  test('by keyboard alone: sign in, search, renew, book, withdraw, send, and put the answers away', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    const patron = await activePatron(house.origin);
    const browser = await launch(kind, profile, house.origin);
    const tab = await browser.open('/');
    await keptOffline(tab);

    await tab.tabTo(today.signIn);
    await tab.press('Enter');
    await onHeading(tab, signInWords.title);
    await tab.find({ role: 'button', name: signInWords.as(patron.name) });
    await tab.tabTo(signInWords.as(patron.name));
    await tab.press('Enter');
    await onHeading(tab, today.title);
    await goTo(tab, frame.rooms, 'Study rooms');
    await tab.find({ role: 'button', name: /^Book / });
    await goTo(tab, frame.today, today.title);

    await tab.tabTo(today.find);
    await tab.type(patron.words);
    await tab.press('Enter');
    await onHeading(tab, 'Search');
    await catalogueOnDevice(tab);
    await tab.find({ role: 'link', name: patron.title });
    await tab.tabTo(patron.title);
    await tab.press('Enter');
    await onHeading(tab, patron.title);

    // nobody is at the library now
    await house.leave();
    await goTo(tab, frame.loans, loans.title);
    await tab.tabTo(loans.renew(patron.renewable.title));
    await tab.press('Enter');
    await tab.shows(loans.withdraw(patron.renewable.title));
    await focusIsKept(tab);

    await goTo(tab, frame.rooms, 'Study rooms');
    await tab.tabTo(/^Book /);
    const booked = (await tab.focused()).name;
    await tab.press('Enter');
    await tab.shows('Not yet confirmed');
    await focusIsKept(tab);

    // what waits is read, and one of it taken back
    await goTo(tab, /^Waiting/, 'Waiting to send');
    expect(await tab.names({ role: 'heading', within: 'main ol' })).toEqual([`1. Renew ${patron.renewable.title}`, `2. ${booked}`]);
    await tab.tabTo(`Withdraw: ${booked}`);
    await tab.press(' ');
    await tab.hides(`2. ${booked}`);
    await focusIsKept(tab);

    await house.library.start();
    await tab.tabTo(/^Try to send/);
    await house.wire.open();
    await tab.press('Enter');
    await tab.until('the answer is there', () => document.querySelector('main article.answer') !== null && !document.querySelector('main .wish'), null, 60_000);
    await focusIsKept(tab);
    expect(await answersShown(tab)).toHaveLength(1);
    await tab.tabTo(/^Put this answer away/);
    await tab.press('Enter');
    await tab.until('nothing is left to read', () => document.querySelector('main .empty') !== null, null);
    await focusIsKept(tab);
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  });
});
