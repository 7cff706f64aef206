// @vitest-environment jsdom
/** Opening hours, help, everything else, accessibility, and what is not there: what anyone may read, offline too. */
import { screen, within } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PATRON, WholeLibrary } from './library.ts';
import { connection, newDevice, page, Page, part, putDown, read, section, signedIn, texts, told } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

describe('opening hours', () => {
  test('of each service say whether it is open now, the week, and other hours to come', async () => {
    await Page.open('/hours');
    expect(texts('heading')).toEqual(['Opening hours', 'Colchester', 'Colchester library', 'Help desk', 'Other hours']);
    expect(told('Help desk')).toBe('Help desk Open Until 18:00 Monday to Friday 09:00 to 18:00 Saturday and Sunday Closed Other hours Wednesday 25 November: 11:00 to 18:00, Staff training');
    expect(told('Colchester library')).toContain('Open All day and night Bring your library card after 22:00. Every day All day and night');
  });

  test('are there without a network, with their age', async () => {
    const tab = await Page.open('/hours');
    await tab.offline();
    await tab.again('/hours');
    expect(page()).toContain('As of 10:30');
    screen.getByRole('heading', { name: 'Help desk' });
  });

  test('that were never read say how to come by them', async () => {
    await Page.openOffline('/hours');
    expect(texts('heading')).toEqual(['Opening hours', 'Not known yet']);
    expect(page()).toContain('Go online once to bring them.');
  });
});

describe('help', () => {
  test('lists every way to ask, and one needs no telephone', async () => {
    await Page.open('/help');
    expect(part('Ways to ask')).toBe('Ways to ask By e-mail Write to us: library@example.org Calls through a text relay service are welcome.');
    expect(part('Where to find us')).toContain('Colchester Help desk Ground floor');
  });

  test('of a made-up library says that nobody is reached', async () => {
    await Page.open('/help');
    expect(page()).toContain('This library is made up: its numbers and addresses reach nobody.');
  });

  test('of a real one does not', async () => {
    const library = new WholeLibrary();
    library.info = { ...library.info, demo: false };
    await Page.open('/help', library);
    expect(page()).not.toContain('made up');
  });

  test('that was never read says what is missing', async () => {
    await Page.openOffline('/help');
    expect(texts('heading')).toEqual(['Help', 'Not known yet']);
    expect(page()).toContain('How to reach the library has not been read on this device. Go online once to bring it.');
  });
});

describe('everything else', () => {
  test('leads to every place that has none in the bar, each with what it is for', async () => {
    await signedIn('/more');
    const links = within(screen.getByRole('main')).getAllByRole('link');
    expect(links.map((each) => each.getAttribute('href'))).toEqual(['/waiting', '/hours', '/help', '/settings', '/accessibility', '/sign-out']);
    expect(read(links[0] as Element)).toBe('Waiting to send What you asked for that has not been sent, and the answers');
  });

  test('leads staff, and nobody else, to what is for staff', async () => {
    const library = new WholeLibrary();
    library.tell('patron', 'p1', { ...PATRON, works_here: true });
    await signedIn('/more', library);
    screen.getByRole('link', { name: /^Sync health/ });
  });

  test('leads to the sign-in where nobody is signed in', async () => {
    await Page.open('/more');
    expect(within(screen.getByRole('main')).getByRole('link', { name: /^Sign in/ }).getAttribute('href')).toBe('/sign-in');
    expect(page()).not.toContain('Sign out');
  });
});

describe('accessibility', () => {
  test('says how to report a barrier before what is promised', async () => {
    await Page.open('/accessibility');
    expect(texts('heading')).toEqual(['Accessibility', 'Report a barrier', 'Twelve commitments']);
    expect(screen.getByRole('link', { name: 'Ways to reach us' }).getAttribute('href')).toBe('/help');
    expect(within(section('Twelve commitments')).getAllByRole('listitem')).toHaveLength(12);
  });

  test('can be read without a network', async () => {
    await Page.openOffline('/accessibility');
    screen.getByRole('heading', { name: 'Twelve commitments' });
  });
});

test('an address that leads nowhere says so and leads on', async () => {
  await Page.open('/no/such/page');
  expect(document.title).toBe('Not found - Carrel');
  expect(texts('heading')).toEqual(['Not found', 'There is no such page']);
  expect(screen.getByRole('link', { name: 'Go to Today' }).getAttribute('href')).toBe('/');
});

describe('the line about the network', () => {
  test('is not there to say that all is well with someone signed out', async () => {
    await Page.open('/more');
    expect(connection()).toBe('You are not signed in. Sign in');
  });

  test('says when the library last answered', async () => {
    await signedIn('/more');
    expect(connection()).toBe('Online. The library answered at 10:42.');
  });

  test('is said once when the library cannot be reached for a while, and when it can again', async () => {
    const tab = await signedIn('/more');
    expect(await tab.offline()).toEqual(['Offline. Last heard from the library at 10:42.']);
    await tab.online();
    expect(await tab.hear()).toEqual(['Online.']);
  });

  test('is not said when the network comes and goes, nor on a page that opens without one', async () => {
    const tab = await signedIn('/more');
    tab.library.there = false;
    dispatchEvent(new Event('offline'));
    await tab.rest();
    await tab.online();
    expect(await tab.hear()).toEqual([]);
    await tab.offline();
    await tab.again('/more');
    expect(await tab.hear()).toEqual([]);
  });

  test('tells a library that does not answer from a network that is gone', async () => {
    const tab = await signedIn('/loans');
    tab.library.there = false;
    await tab.tap('button', 'Renew Beloved');
    expect(connection()).toBe('The library does not answer just now. Last heard from the library at 10:42. Carrel goes on trying. Waiting to send: 1');
  });

  test('says when this app is too old for the library', async () => {
    const tab = await signedIn('/loans');
    tab.library.instead = () => ({ status: 426, code: 'upgrade' });
    await tab.tap('button', 'Renew Beloved');
    expect(connection()).toContain('This Carrel is too old for the library. Everything is kept.');
  });
});
