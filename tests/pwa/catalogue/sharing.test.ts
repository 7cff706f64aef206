/** Several tabs and one catalogue: whoever holds it answers all, and whoever is left takes over. */
import { beforeEach, describe, expect, test } from 'vitest';
import { Device, edition, MB, settled, Tabbed, type Tab } from './device.ts';

let device: Device;
let browser: Tabbed;

beforeEach(() => {
  device = new Device();
  device.editions = [edition('v1', 72 * MB)];
  browser = new Tabbed(device);
});

async function opened(over: Parameters<Tabbed['open']>[0] = {}): Promise<Tab> {
  const tab = browser.open(over);
  void tab.sharing.ask({ kind: 'open', unasked: true });
  await settled();
  return tab;
}

/** A first tab with the catalogue on this device. */
async function holding(over: Parameters<Tabbed['open']>[0] = {}): Promise<Tab> {
  const tab = await opened(over);
  await tab.sharing.ask({ kind: 'bring' });
  await settled();
  expect(tab.told.at(-1)?.kept?.where).toBe('device');
  return tab;
}

describe('tabs that agree', () => {
  test('all have the same hits from this device, and all know where they come from', async () => {
    const first = await holding();
    const second = await opened();
    device.there = false;
    expect(await second.hits('woolf')).toEqual(['v1 woolf']);
    expect(await second.hits('woolf')).toEqual(await first.hits('woolf'));
    expect(second.told.at(-1)).toEqual(first.told.at(-1));
    expect(second.told.at(-1)?.kept?.where).toBe('device');
  });

  test('all see one download, which any of them may begin, pause and stop', async () => {
    const first = await opened();
    const second = await opened();
    device.onTheWay = () => new Promise(() => undefined);
    await second.sharing.ask({ kind: 'bring' });
    await settled();
    expect(first.told.at(-1)?.bringing.step).toBe('coming');
    expect(second.told.at(-1)).toEqual(first.told.at(-1));
    await first.sharing.ask({ kind: 'pause' });
    await settled();
    expect(second.told.at(-1)?.bringing.step).toBe('paused');
    await second.sharing.ask({ kind: 'stop' });
    await settled();
    expect(first.told.at(-1)?.bringing.step).toBe('offered');
    expect(device.fetched).toHaveLength(1);
  });

  test('do not stand still when the one that holds closes: another opens it and answers', async () => {
    const first = await holding();
    const second = await opened();
    const third = await opened();
    device.there = false;
    first.close();
    await settled();
    expect(await third.hits()).toEqual(['v1 x']);
    expect(await second.hits()).toEqual(['v1 x']);
    second.close();
    await settled();
    expect(await third.hits()).toEqual(['v1 x']);
    expect(third.told.at(-1)?.kept?.where).toBe('device');
  });

  test('lose no question that was on its way when the one that holds closed', async () => {
    const first = await holding();
    const second = await opened();
    const third = await opened();
    first.frozen = true;
    const [a, b] = [second.hits('a'), third.hits('b')];
    await settled();
    first.close();
    await settled();
    expect(await a).toEqual(['v1 a']);
    expect(await b).toEqual(['v1 b']);
  });

  test('look for a catalogue anew when the one that holds closes: its page may have been loaded anew', async () => {
    device.there = false;
    const first = await opened();
    const second = await opened();
    expect(second.told.at(-1)?.bringing.step).toBe('none');
    device.there = true;
    first.close();
    await settled();
    expect(second.told.at(-1)?.bringing.step).toBe('offered');
  });

  test('take over a download where it was', async () => {
    const first = await opened();
    const second = await opened();
    let slow = true;
    device.onTheWay = (path, data) => (slow && path === device.part(3) ? new Promise(() => undefined) : data);
    await first.sharing.ask({ kind: 'bring' });
    await settled();
    expect(second.told.at(-1)?.bringing).toMatchObject({ step: 'coming', done_bytes: 36 * MB });
    slow = false;
    device.fetched.length = 0;
    first.close();
    await settled();
    expect(device.fetched).toEqual([device.part(3), device.part(4)]);
    expect(second.told.at(-1)?.kept?.where).toBe('device');
    expect(await second.hits()).toEqual(['v1 x']);
  });
});

describe('a tab that holds and does not answer', () => {
  test('leaves the others to the library, which they know is so, and no empty list is given', async () => {
    const first = await holding();
    first.frozen = true;
    const second = await opened();
    const found = second.hits();
    await device.pass(2_000);
    expect(await found).toBeNull();
    expect(second.told.at(-1)).toEqual({ kept: null, elsewhere: true, bringing: { step: 'none' } });
  });

  test('leaves them a small catalogue, which they open in memory', async () => {
    device.editions = [edition('v1', 2 * MB)];
    const first = await opened();
    first.frozen = true;
    const second = await opened();
    const found = second.hits();
    await device.pass(2_000);
    expect(await found).toEqual(['v1 x']);
    expect(second.told.at(-1)?.kept?.where).toBe('memory');
  });

  test('is not taken for one that is only slow to open it', async () => {
    const before = await holding();
    before.close();
    let opens = (): void => undefined;
    device.opening = new Promise((done) => (opens = done));
    await opened();
    const second = await opened();
    const found = second.hits();
    await device.pass(10_000);
    opens();
    await settled();
    expect(await found).toEqual(['v1 x']);
    expect(second.told.map(({ elsewhere }) => elsewhere)).not.toContain(true);
  });

  test('is asked again once it answers', async () => {
    const first = await holding();
    first.frozen = true;
    const second = await opened();
    const found = second.hits();
    await device.pass(2_000);
    expect(await found).toBeNull();
    first.frozen = false;
    await second.hits();
    await settled();
    expect(await second.hits()).toEqual(['v1 x']);
    expect(second.told.at(-1)?.kept?.where).toBe('device');
  });
});

describe('tabs that cannot agree or cannot talk', () => {
  test.each([
    ['locks', { locks: null, channel: null }],
    ['a channel', { channel: null }],
  ] as const)('without %s the second opens a small catalogue in memory', async (_, over) => {
    device.editions = [edition('v1', 2 * MB)];
    const first = await opened(over);
    const second = await opened(over);
    expect(first.told.at(-1)?.kept?.where).toBe('device');
    expect(second.told.at(-1)?.kept?.where).toBe('memory');
    expect(await second.hits()).toEqual(await first.hits());
  });

  test.each([
    ['locks', { locks: null, channel: null }],
    ['a channel', { channel: null }],
  ] as const)('without %s the second leaves a big one to the library, says why, and keeps its hands off it', async (_, over) => {
    await holding(over);
    const second = await opened(over);
    expect(await second.hits()).toBeNull();
    expect(second.told.at(-1)).toEqual({ kept: null, elsewhere: true, bringing: { step: 'none' } });
    await second.sharing.ask({ kind: 'remove' });
    expect([...device.files]).toEqual(['v1']);
  });

  test('without locks the second opens it once the first has closed', async () => {
    const over = { locks: null, channel: null };
    const first = await holding(over);
    const second = await opened(over);
    first.close();
    await second.sharing.ask({ kind: 'again' });
    expect(await second.hits()).toEqual(['v1 x']);
    expect(second.told.at(-1)?.kept?.where).toBe('device');
  });

  test('a lone tab without locks and without a channel has the catalogue on this device', async () => {
    const only = await holding({ locks: null, channel: null });
    expect(await only.hits()).toEqual(['v1 x']);
  });
});
