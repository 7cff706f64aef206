/** A download that stops goes on where it was; a damaged part is fetched again; nothing half is ever called whole. */
import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { bring, Damaged, keptManifest, partPath, pieces, type Manifest, type Surroundings } from '../../../pwa/catalogue/parts_store.ts';

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
    delete: async (request: { url: string }) => kept.delete(new URL(request.url).pathname),
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

test('all parts come in order and the catalogue is called whole after the last', async () => {
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(await whole()).toBe('first partsecond partthird part');
  expect((await keptManifest(around))?.version).toBe('v1');
});

test('a download that was stopped goes on with the part that is missing', async () => {
  let asked = 0;
  expect(await bring(MANIFEST, around, () => undefined, () => (asked += 1) <= 2)).toBe(false);
  expect(await keptManifest(around)).toBeNull();
  fetched = [];
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(fetched).toEqual([partPath(sums[2] ?? '')]);
});

test('a damaged part is fetched again', async () => {
  damage = (path, times) => path === partPath(sums[1] ?? '') && times === 1;
  expect(await bring(MANIFEST, around, () => undefined)).toBe(true);
  expect(await whole()).toBe('first partsecond partthird part');
});

test('a part that stays damaged ends the download and nothing is called whole', async () => {
  damage = (path) => path === partPath(sums[1] ?? '');
  await expect(bring(MANIFEST, around, () => undefined)).rejects.toThrow(Damaged);
  expect(await keptManifest(around)).toBeNull();
});

test('parts of the catalogue before are let go once the new one is whole', async () => {
  kept.set(partPath('0'.repeat(64)), new Response('old'));
  await bring(MANIFEST, around, () => undefined);
  expect(kept.has(partPath('0'.repeat(64)))).toBe(false);
});
