/** How a catalogue comes to a device, through everything that may happen on the way, while search goes on. */
import { beforeEach, describe, expect, test } from 'vitest';
import { Device, edition, MB, One, settled } from './device.ts';

let device: Device;
const BIG = edition('v1', 72 * MB);
const SMALL = edition('v1', 2 * MB);

beforeEach(() => {
  device = new Device();
  device.editions = [BIG];
});

/** Opened by somebody who searches. */
async function opened(): Promise<One> {
  device.closePage();
  const one = new One(device);
  await one.ask({ kind: 'open', unasked: true });
  await settled();
  return one;
}

/** The parts from this one on do not come until they are let through. */
function holdFrom(number: number): () => void {
  let let_through = (): void => undefined;
  const gate = new Promise<void>((done) => (let_through = done));
  const held = [1, 2, 3, 4].slice(number - 1).map((each) => device.part(each));
  device.onTheWay = async (path, data) => {
    if (held.includes(path)) await gate;
    return data;
  };
  return let_through;
}

describe('before a download', () => {
  test('a small catalogue comes by itself once somebody searches', async () => {
    device.editions = [SMALL];
    const one = await opened();
    expect(one.at.kept).toEqual({ where: 'device', records: 100, as_of: 1, size_bytes: 8 * MB });
    expect(await one.hits()).toEqual(['v1 x']);
  });

  test('it does not come to somebody who only looks at the settings, nor where data is to be saved', async () => {
    device.editions = [SMALL];
    const one = new One(device);
    await one.ask({ kind: 'open', unasked: false });
    expect(one.step).toBe('offered');
    device.sparing = true;
    expect((await opened()).at.bringing).toEqual({ step: 'offered', wire_bytes: 2 * MB });
    expect(device.fetched).toEqual([]);
  });

  test('a big one is offered with its size, and nothing is fetched', async () => {
    const one = await opened();
    expect(one.at).toEqual({ kept: null, elsewhere: false, bringing: { step: 'offered', wire_bytes: 72 * MB } });
    expect(device.fetched).toEqual([]);
    expect(await one.hits()).toBeNull();
  });

  test('a device without the room is told so before anything is fetched, and asked again it looks again', async () => {
    device.free = 500 * MB;
    const one = await opened();
    expect(one.at.bringing).toEqual({ step: 'no-room', wire_bytes: 72 * MB, needs_bytes: Math.round(2.9 * 288 * MB), free_bytes: 500 * MB });
    await one.ask({ kind: 'bring' });
    expect([one.step, device.fetched]).toEqual(['no-room', []]);
    device.free = 900 * MB;
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at.kept?.where).toBe('device');
  });

  test('a browser that does not say how much is free is not kept from it', async () => {
    device.free = null;
    expect((await opened()).step).toBe('offered');
  });

  test('a browser without private files is told that a big one is too big, and keeps a small one in memory', async () => {
    device.hasFiles = false;
    expect((await opened()).at.bringing).toEqual({ step: 'too-big', wire_bytes: 72 * MB });
    device.editions = [SMALL];
    expect((await opened()).at.kept?.where).toBe('memory');
  });

  test('without a network nothing is said, and it is looked for when the network is back', async () => {
    device.there = false;
    const one = await opened();
    expect(one.step).toBe('none');
    device.there = true;
    await one.ask({ kind: 'again' });
    expect(one.step).toBe('offered');
  });
});

describe('a download', () => {
  test('tells how far it is after each part, and how long the rest takes by the pace so far', async () => {
    const one = await opened();
    device.onTheWay = (_, data) => {
      device.now += 60_000;
      return data;
    };
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.told.flatMap(({ bringing }) => ('done_bytes' in bringing ? [[bringing.step, bringing.done_bytes / MB, bringing.left_ms]] : []))).toEqual([
      ['coming', 0, null],
      ['coming', 18, 180_000],
      ['coming', 36, 120_000],
      ['coming', 54, 60_000],
      ['coming', 72, 0],
      ['opening', 72, null],
    ]);
    expect(one.at).toEqual({ kept: { where: 'device', records: 100, as_of: 1, size_bytes: 288 * MB }, elsewhere: false, bringing: { step: 'none' } });
  });

  test('goes on after a reload with what is missing', async () => {
    const one = await opened();
    holdFrom(3);
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at.bringing).toMatchObject({ step: 'coming', done_bytes: 36 * MB, asked: true });
    device.onTheWay = (_, data) => data;
    device.fetched.length = 0;
    const again = await opened();
    expect(again.told.find(({ bringing }) => bringing.step === 'coming')?.bringing).toMatchObject({ done_bytes: 36 * MB, asked: true });
    expect(device.fetched).toEqual([device.part(3), device.part(4)]);
    expect(again.at.kept?.where).toBe('device');
  });

  test('that is paused stops at once, keeps what came, stays paused after a reload, and goes on when it is told to', async () => {
    const one = await opened();
    holdFrom(3);
    await one.ask({ kind: 'bring' });
    await settled();
    await one.ask({ kind: 'pause' });
    expect(one.at.bringing).toMatchObject({ step: 'paused', done_bytes: 36 * MB });
    device.onTheWay = (_, data) => data;
    device.fetched.length = 0;
    const again = await opened();
    expect(again.at.bringing).toMatchObject({ step: 'paused', done_bytes: 36 * MB });
    expect(device.fetched).toEqual([]);
    await again.ask({ kind: 'bring' });
    await settled();
    expect(again.at.kept?.where).toBe('device');
  });

  test('that is stopped leaves no part behind and is offered again, and does not come by itself', async () => {
    device.editions = [SMALL];
    holdFrom(3);
    const one = await opened();
    await one.ask({ kind: 'stop' });
    expect(one.at.bringing).toEqual({ step: 'offered', wire_bytes: 2 * MB });
    expect([...device.kept.keys()].filter((path) => path.includes('/parts/'))).toEqual([]);
    device.onTheWay = (_, data) => data;
    expect((await opened()).step).toBe('offered');
  });

  test('without a network waits, says so, and goes on by itself when the network is back', async () => {
    const one = await opened();
    device.onTheWay = (path, data) => {
      if (path === device.part(2)) device.there = false;
      return data;
    };
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at.bringing).toMatchObject({ step: 'waiting', done_bytes: 36 * MB });
    await device.pass(1_000);
    expect(one.step).toBe('waiting');
    device.there = true;
    await device.pass(60_000);
    expect(one.at.kept?.where).toBe('device');
  });

  test('that waits goes on at once when the browser says that the network is back', async () => {
    const one = await opened();
    device.there = false;
    await one.ask({ kind: 'bring' });
    expect(one.step).toBe('waiting');
    device.there = true;
    await one.ask({ kind: 'again' });
    await settled();
    expect(one.at.kept?.where).toBe('device');
  });

  test('that waits asks less and less often, and at least twice a minute', async () => {
    const one = await opened();
    device.there = false;
    await one.ask({ kind: 'bring' });
    const asked: number[] = [];
    for (let minute = 0; minute < 3; minute += 1) {
      const before = device.asked;
      for (let second = 0; second < 60; second += 1) await device.pass(1_000);
      asked.push(device.asked - before);
    }
    expect(asked).toEqual([5, 2, 2]);
  });

  test('of a newer catalogue keeps no part of the one that it is brought instead of', async () => {
    const one = await opened();
    holdFrom(3);
    await one.ask({ kind: 'bring' });
    await settled();
    await one.ask({ kind: 'pause' });
    const old = [device.part(1), device.part(2)];
    expect(old.every((path) => device.kept.has(path))).toBe(true);
    device.editions.push(edition('v2', 72 * MB));
    const again = await opened();
    expect(again.at.bringing).toMatchObject({ step: 'paused', done_bytes: 0 });
    holdFrom(1);
    await again.ask({ kind: 'bring' });
    await settled();
    expect(old.some((path) => device.kept.has(path))).toBe(false);
  });

  test('that waits can be stopped and paused', async () => {
    const one = await opened();
    device.there = false;
    await one.ask({ kind: 'bring' });
    one.told.length = 0;
    await one.ask({ kind: 'pause' });
    expect(one.told.map(({ bringing }) => bringing.step)).toEqual(['paused']);
    await one.ask({ kind: 'bring' });
    expect(one.step).toBe('waiting');
    await one.ask({ kind: 'stop' });
    expect(one.step).toBe('offered');
  });

  test('that is under way when the page is opened without a network waits as well', async () => {
    const one = await opened();
    holdFrom(3);
    await one.ask({ kind: 'bring' });
    await settled();
    device.there = false;
    const again = await opened();
    expect(again.at.bringing).toMatchObject({ step: 'waiting', done_bytes: 36 * MB });
  });

  test('fetches a damaged part again, and after three times says so and keeps the rest', async () => {
    const one = await opened();
    let times = 0;
    device.onTheWay = (path, data) => (path === device.part(3) && (times += 1) ? new Uint8Array([0]) : data);
    await one.ask({ kind: 'bring' });
    await settled();
    expect(times).toBe(3);
    expect(one.at).toMatchObject({ kept: null, bringing: { step: 'damaged', done_bytes: 36 * MB } });
    device.onTheWay = (_, data) => data;
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at.kept?.where).toBe('device');
  });

  test('for which the disk has no more room says so, and has called nothing whole', async () => {
    const one = await opened();
    const put = device.kept.set.bind(device.kept);
    device.kept.set = (path, response) => {
      if (path === device.part(3)) throw new DOMException('no room', 'QuotaExceededError');
      return put(path, response);
    };
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at).toMatchObject({ kept: null, bringing: { step: 'no-room', free_bytes: 0 } });
  });

  test('of a catalogue that the library has no longer goes on with the newest', async () => {
    const one = await opened();
    const let_through = holdFrom(3);
    await one.ask({ kind: 'bring' });
    await settled();
    device.editions.push(edition('v2', 72 * MB), edition('v3', 72 * MB));
    let_through();
    await settled();
    expect(one.at.kept).toMatchObject({ as_of: 3 });
    expect(await one.hits()).toEqual(['v3 x']);
  });

  test('that came whole and does not open is not called whole', async () => {
    const world = device.world();
    const one = new One(device);
    world.shelf.open = async () => 'gone';
    Object.assign(one.keeper, { world });
    await one.ask({ kind: 'open', unasked: true });
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at).toMatchObject({ kept: null, bringing: { step: 'unopened' } });
    expect((await opened()).at.kept).not.toBeNull();
  });
});

describe('a catalogue that is here', () => {
  test('is opened after a reload without a network and without its parts, which are let go', async () => {
    await (await opened()).ask({ kind: 'bring' });
    await settled();
    expect([...device.kept.keys()].filter((path) => path.includes('/parts/'))).toEqual([]);
    device.there = false;
    const again = await opened();
    expect(again.at.kept?.where).toBe('device');
    expect(await again.hits()).toEqual(['v1 x']);
  });

  test('keeps its parts where it is small enough for memory, as a tab that cannot share needs them', async () => {
    device.editions = [SMALL];
    await opened();
    expect([...device.kept.keys()].filter((path) => path.includes('/parts/'))).toHaveLength(4);
  });

  test('gives way to a newer one only when that is open, and answers until then', async () => {
    const one = await opened();
    await one.ask({ kind: 'bring' });
    await settled();
    device.editions.push(edition('v2', 72 * MB));
    const let_through = holdFrom(3);
    await one.ask({ kind: 'open', unasked: true });
    expect(one.at).toMatchObject({ kept: { as_of: 1 }, bringing: { step: 'offered' } });
    await one.ask({ kind: 'bring' });
    await settled();
    expect(one.at).toMatchObject({ kept: { as_of: 1 }, bringing: { step: 'coming', done_bytes: 36 * MB } });
    expect(await one.hits()).toEqual(['v1 x']);
    let_through();
    await settled();
    expect(one.at).toMatchObject({ kept: { as_of: 2 }, bringing: { step: 'none' } });
    expect(await one.hits()).toEqual(['v2 x']);
    expect([...device.files]).toEqual(['v2']);
    expect(device.open).toEqual(['v2']);
  });

  test('is swapped unasked for a newer one that is small', async () => {
    device.editions = [SMALL];
    const one = await opened();
    device.editions.push(edition('v2', 2 * MB));
    await one.ask({ kind: 'open', unasked: true });
    await settled();
    expect(one.at.kept?.as_of).toBe(2);
  });

  test('that is removed leaves nothing, is offered again, and does not come back by itself', async () => {
    device.editions = [SMALL];
    const one = await opened();
    await one.ask({ kind: 'remove' });
    expect(one.at).toEqual({ kept: null, elsewhere: false, bringing: { step: 'offered', wire_bytes: 2 * MB } });
    expect(await one.hits()).toBeNull();
    expect(device.files.size).toBe(0);
    expect([...device.kept.keys()]).toEqual(['/catalogue/1/wish']);
    expect((await opened()).step).toBe('offered');
  });

  test('whose file is gone is never opened empty: it is brought anew', async () => {
    const one = await opened();
    await one.ask({ kind: 'bring' });
    await settled();
    device.files.clear();
    const again = await opened();
    expect(again.at).toEqual({ kept: null, elsewhere: false, bringing: { step: 'offered', wire_bytes: 72 * MB } });
  });
});
