/** A download that stops goes on where it was; a damaged part is fetched again; nothing half is ever called whole. */
import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { bring, Damaged, Full, Gone, here, keepManifest, keptManifest, partPath, pieces, tidy, type Manifest, type Surroundings } from '../../../pwa/catalogue/parts_store.ts';

const PARTS = ['first part', 'second part', 'third part'].map((text) => new TextEncoder().encode(text));
const sums = PARTS.map((part) => createHash('sha256').update(part).digest('hex'));
const MANIFEST: Manifest = {
  version: 'v1',
  built_at: 1,
  records: 3,
  size_bytes: PARTS.reduce((sum, part) => sum + part.byteLength, 0),
  wire_bytes: 1,
  parts: sums.map((sha256, i) => ({ sha256, size_bytes: PARTS[i]?.byteLength ?? 0 })),
};

let kept: Map<string, Response>;
let fetched: string[];
let damage: (path: string, times: number) => boolean;
let around: Surroundings;

beforeEach(() => {
  kept = new Map();
  fetched = [];
  damage = () => false;
  const cache = {
    match: async (path: string) => kept.get(path)?.clone(),
    put: async (path: string, response: Response) => void kept.set(path, response),
    keys: async () => [...kept.keys()].map((path) => ({ url: `https://library.example${path}` })),
    delete: async (request: { url: string } | string) => kept.delete(typeof request === 'string' ? request : new URL(request.url).pathname),
  } as unknown as Cache;
  around = {
    cache: async () => cache,
    fetch: async (path) => {
      fetched.push(path);
      const times = fetched.filter((each) => each === path).length;
      const part = PARTS[sums.findIndex((sum) => path === partPath(sum))];
      if (!part) return new Response(null, { status: 404 });
      return new Response(damage(path, times) ? new Uint8Array([1, 2, 3]) : part);
    },
  };
});

async function whole(): Promise<string> {
  let text = '';
  for await (const piece of pieces(MANIFEST, around)) text += new TextDecoder().decode(piece);
  return text;
}

test('all parts come in order', async () => {
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(await whole()).toBe('first partsecond partthird part');
});

test('a catalogue is called whole by whoever opened it, not because its parts are here', async () => {
  await bring(MANIFEST, around, () => undefined);
  expect(await keptManifest(around)).toBeNull();
  await keepManifest(MANIFEST, around);
  expect((await keptManifest(around))?.version).toBe('v1');
});

test('a download that was stopped goes on with the part that is missing', async () => {
  const stop = new AbortController();
  const told: number[] = [];
  expect(await bring(MANIFEST, around, (bytes) => void (told.push(bytes) === 2 && stop.abort()), stop.signal)).toBe(false);
  expect(await here(MANIFEST, around)).toBe(told.at(-1));
  fetched = [];
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(fetched).toEqual([partPath(sums[2] ?? '')]);
});

test('a part on its way is given up at once when the download is stopped', async () => {
  const stop = new AbortController();
  const answer = around.fetch;
  around.fetch = async (path, init) => {
    if (path !== partPath(sums[1] ?? '')) return answer(path, init);
    stop.abort();
    throw init?.signal?.reason;
  };
  expect(await bring(MANIFEST, around, () => undefined, stop.signal)).toBe(false);
});

test('a damaged part is fetched again', async () => {
  damage = (path, times) => path === partPath(sums[1] ?? '') && times < 3;
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(await whole()).toBe('first partsecond partthird part');
});

test('a part that was damaged while compressed, and cannot be unpacked, is fetched again', async () => {
  const whole = around.fetch;
  around.fetch = async (path) => {
    const reply = await whole(path);
    const broken = path === partPath(sums[1] ?? '') && fetched.filter((each) => each === path).length === 1;
    return broken ? new Response(new ReadableStream({ start: (body) => body.error(new TypeError('decoding failed')) })) : reply;
  };
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(fetched.filter((path) => path === partPath(sums[1] ?? ''))).toHaveLength(2);
});

test('a part that is damaged three times ends the download', async () => {
  damage = (path) => path === partPath(sums[1] ?? '');
  await expect(bring(MANIFEST, around, () => undefined)).rejects.toThrow(Damaged);
  expect(fetched.filter((path) => path === partPath(sums[1] ?? ''))).toHaveLength(3);
});

test('a part that the library has no longer, and a device without room, are told apart', async () => {
  const gone = { ...MANIFEST, parts: [{ sha256: '0'.repeat(64), size_bytes: 1 }] };
  await expect(bring(gone, around, () => undefined)).rejects.toThrow(Gone);
  const cache = await around.cache();
  cache.put = async () => {
    throw new DOMException('no room', 'QuotaExceededError');
  };
  await expect(bring(MANIFEST, around, () => undefined)).rejects.toThrow(Full);
});

test('parts that belong to no catalogue are let go, and no other', async () => {
  kept.set(partPath('0'.repeat(64)), new Response('old'));
  await bring(MANIFEST, around, () => undefined);
  await keepManifest(MANIFEST, around);
  await tidy([MANIFEST], around);
  expect(kept.has(partPath('0'.repeat(64)))).toBe(false);
  expect(await whole()).toBe('first partsecond partthird part');
  expect((await keptManifest(around))?.version).toBe('v1');
});
