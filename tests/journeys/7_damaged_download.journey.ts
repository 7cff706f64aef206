/** A catalogue that comes damaged is fetched again, part by part, and never opened half. */
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, KINDS, launch, type Tab } from './browser.ts';
import { House, remove, temporary } from './server.ts';
import { catalogueOnDevice, hits, keptOffline, search } from './steps.ts';

afterAll(closeAll);

const PART = /^\/catalogue\/1\/parts\//;

async function whereFrom(tab: Tab): Promise<string> {
  return tab.read(() => document.querySelector('#q-from')?.textContent ?? '', null);
}

describe.each(KINDS)('%s', (kind) => {
  test('a part that was damaged on the wire is fetched again, and the catalogue is whole', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    let damaged = 0;
    house.wire.spoil = (path, body) => {
      if (!PART.test(path) || damaged > 0) return body;
      damaged += 1;
      const spoilt = Buffer.from(body);
      const middle = Math.floor(spoilt.length / 2);
      spoilt[middle] = (spoilt[middle] ?? 0) ^ 0xff;
      return spoilt;
    };
    const browser = await launch(kind, profile, house.origin);
    const tab = await browser.open('/search');
    await search(tab, 'lighthouse');
    await catalogueOnDevice(tab);
    expect(damaged).toBe(1);
    const asked = house.wire.exchanges.filter(({ path }) => PART.test(path)).map(({ path }) => path);
    expect(asked.filter((path) => path === asked[0])).toHaveLength(2);
    await keptOffline(tab);
    await house.leave();
    await search(tab, 'to the lighthouse');
    expect((await hits(tab)).join('\n')).toContain('To the Lighthouse');
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  });

  test('a part that always comes damaged leaves the search to the library, and is brought when it is whole', async () => {
    const house = await House.open();
    const profile = temporary('profile');
    let damage = true;
    let asked = 0;
    house.wire.spoil = (path, body) => {
      if (!PART.test(path)) return body;
      asked += 1;
      return damage ? body.subarray(0, body.length - 1) : body;
    };
    const browser = await launch(kind, profile, house.origin);
    let tab = await browser.open('/search');
    await search(tab, 'lighthouse');
    expect((await hits(tab)).join('\n')).toContain('To the Lighthouse');
    const deadline = Date.now() + 30_000;
    while (asked < 3 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBe(3);
    await tab.until('the search says that it needs the library', () => /come from the library/.test(document.querySelector('#q-from')?.textContent ?? ''), null);
    expect(await whereFrom(tab)).not.toContain('on this device');
    // without the library there is no half catalogue to find something in
    await keptOffline(tab);
    await house.wire.close();
    await search(tab, 'woolf');
    await tab.shows('The catalogue is not on this device yet');
    await tab.close();

    damage = false;
    await house.wire.open();
    tab = await browser.open('/search');
    await search(tab, 'lighthouse');
    await catalogueOnDevice(tab);
    await browser.close();
    await house.close();
    remove(profile);
  });
});
