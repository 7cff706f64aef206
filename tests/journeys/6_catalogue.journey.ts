/**
 * A catalogue too big to come unasked, in each browser: offered with its size, brought part by part through a reload
 * and a pause, opened in one tab and searched from every other, which takes over when that one closes.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeAll, KINDS, launch, type Tab } from './browser.ts';
import { carrel, House, remove, temporary } from './server.ts';
import { announcements, catalogueOnDevice, hits, keptOffline, listen, search } from './steps.ts';
import { download } from '../../pwa/words/catalogue.ts';

/** Enough for more than comes unasked on the wire, and more than is opened in memory. */
const RECORDS = 150_000;
const PART = /^\/catalogue\/1\/parts\//;

/** A library with that many records, and its catalogue a night later. */
let furnished = '';
const later = temporary('later');

beforeAll(async () => {
  const house = await House.open();
  await house.leave();
  furnished = house.data;
  carrel(['catalogue', 'generate', String(RECORDS), '--seed', '7', '--data', furnished]);
  carrel(['catalogue', 'build', '--data', furnished]);
  cpSync(furnished, later, { recursive: true });
  carrel(['catalogue', 'generate', '2', '--seed', '8', '--data', later]);
  carrel(['catalogue', 'build', '--data', later]);
});
afterAll(async () => {
  await closeAll();
  remove(furnished);
  remove(later);
});

/** From now on so many parts come through, and the next one is held until `release`. */
function held(house: House, parts: number): { release(): void } {
  let let_through = (): void => undefined;
  const gate = new Promise<void>((done) => (let_through = done));
  let came = 0;
  house.wire.fault = async ({ path }, when) => {
    if (when === 'asked' && PART.test(path) && (came += 1) > parts) await gate;
    return false;
  };
  return {
    release() {
      house.wire.fault = null;
      let_through();
    },
  };
}

const fetched = (house: House): string[] => house.wire.exchanges.map(({ path }) => path).filter((path) => PART.test(path));
const whence = (tab: Tab): Promise<string> => tab.read(() => document.getElementById('q-from')?.textContent ?? '', null);
const done = (tab: Tab): Promise<number> => tab.until('the download is shown', () => document.querySelector<HTMLProgressElement>('main progress')?.value, null);

describe.each(KINDS)('%s', (kind) => {
  test('a big catalogue is brought when it is asked for, and every tab searches it, whichever closes', async () => {
    const house = await House.open(furnished);
    const profile = temporary('profile');
    const browser = await launch(kind, profile, house.origin);
    const first = await browser.open('/search');

    // offered with its size; nothing comes by itself, and search is at the library
    await first.find({ role: 'button', name: /^Download 9\.\d MB$/, within: 'main' });
    expect(await whence(first)).toContain('They come from the library');
    expect(fetched(house)).toEqual([]);

    // two parts come, the third is on its way when the page is loaded anew
    const gate = held(house, 2);
    await listen(first);
    await first.click('button', /^Download /, 'main');
    await first.until('two parts are here', () => (document.querySelector<HTMLProgressElement>('main progress')?.value ?? 0) > 2_000_000, null);
    expect(await first.text()).toMatch(/\d\.\d of 9\.\d MB/);
    const here = await done(first);
    const brought = fetched(house);
    expect(brought).toHaveLength(2);
    await first.reload();
    expect(await done(first)).toBe(here);

    // paused, it stays so over another load, and search goes on at the library meanwhile
    await first.click('button', download.pause, 'main');
    await first.shows('Paused at');
    await first.reload();
    await first.shows('Paused at');
    await search(first, 'history of music');
    const expected = await hits(first);
    expect(expected.length).toBeGreaterThan(3);
    await listen(first);
    gate.release();
    await first.click('button', download.goOn, 'main');
    await catalogueOnDevice(first);
    expect((await announcements(first)).join('\n')).toContain('The catalogue is on this device.');
    // what was here was not fetched again
    expect(fetched(house).slice(2).filter((path) => brought.includes(path))).toEqual([]);
    expect(await hits(first)).toEqual(expected);

    // a second tab has no files of its own, and the same hits from this device
    const second = await browser.open('/search');
    await catalogueOnDevice(second);
    await keptOffline(second);
    await house.leave();
    await search(second, 'history of music');
    expect(await hits(second)).toEqual(expected);
    expect(await whence(second)).toMatch(/150,3\d\d titles are on this device, as of/);

    // the tab that had it open closes: the other takes over, still without a network
    await first.close();
    await search(second, 'history of musi');
    expect((await hits(second)).length).toBeGreaterThan(3);
    const third = await browser.open('/search');
    await search(third, 'history of music');
    expect(await hits(third)).toEqual(expected);
    await third.close();

    // and from cold
    await second.reload();
    await search(second, 'music history');
    expect((await hits(second)).length).toBeGreaterThan(3);
    await catalogueOnDevice(second);

    // a newer one is offered beside it, and taken when it is asked for; the old one answers until then
    cpSync(join(later, 'catalogue'), join(house.data, 'catalogue'), { recursive: true });
    await house.arrive();
    await second.go('/settings');
    await second.shows('The library has a newer catalogue.');
    const newer = held(house, 2);
    await second.click('button', /^Download /, 'main');
    await second.until('two parts are here', () => (document.querySelector<HTMLProgressElement>('main progress')?.value ?? 0) > 2_000_000, null);
    const behind = await browser.open('/search');
    await search(behind, 'history of music');
    expect(await hits(behind)).toEqual(expected);
    await listen(behind);
    newer.release();
    await behind.until('the newer one has taken its place', () => document.getElementById('announcer')?.textContent?.includes('is the newer one now'), null, 60_000);
    await house.wire.close();
    await search(behind, 'history of music');
    expect((await hits(behind)).length).toBeGreaterThan(3);
    await house.wire.open();

    // removed in the settings, it is offered again and does not come by itself
    await second.hides('The library has a newer catalogue.');
    await second.click('button', download.remove, 'main');
    await second.shows(download.absent.first);
    await second.find({ role: 'button', name: /^Download 9\.\d MB$/, within: 'main' });
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  });
});
