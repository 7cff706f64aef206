/** Copies the snapshot part by part: each checked, each kept, so that a stop loses nothing. Never a half catalogue. */

export interface Manifest {
  version: string;
  built_at: number;
  records: number;
  size_bytes: number;
  wire_bytes: number;
  parts: { sha256: string; size_bytes: number }[];
}

const MANIFEST = '/catalogue/1/manifest';
const TRIES = 3;

/** What of the page this needs; fakes stand in for it in tests. */
export interface Surroundings {
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  cache: () => Promise<Cache>;
}

export class Damaged extends Error {}

export const partPath = (sha256: string): string => `/catalogue/1/parts/${sha256}`;

async function digest(data: ArrayBuffer): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(sum, (each) => each.toString(16).padStart(2, '0')).join('');
}

/** The manifest of the catalogue that is whole on this device; null for none. */
export async function keptManifest(around: Surroundings): Promise<Manifest | null> {
  const kept = await (await around.cache()).match(MANIFEST);
  return kept ? ((await kept.json()) as Manifest) : null;
}

export async function newestManifest(around: Surroundings): Promise<Manifest> {
  const reply = await around.fetch(MANIFEST, { cache: 'no-cache' });
  if (!reply.ok) throw new Error(`expected a manifest, got status ${reply.status}`);
  return (await reply.json()) as Manifest;
}

/**
 * Bring every part of a snapshot, then call it whole.
 *
 * A part that is here already is not fetched again; one that does not match its digest is fetched anew, three
 * times at most. `go` is asked before each part: false stops, and what came stays.
 */
export async function bring(manifest: Manifest, around: Surroundings, progress: (done_bytes: number) => void, go: () => boolean = () => true): Promise<boolean> {
  const cache = await around.cache();
  let done = 0;
  for (const part of manifest.parts) {
    if (!go()) return false;
    if (!(await cache.match(partPath(part.sha256)))) {
      await cache.put(partPath(part.sha256), new Response(await fetched(part.sha256, around)));
    }
    done += part.size_bytes;
    progress(done);
  }
  await cache.put(MANIFEST, new Response(JSON.stringify(manifest)));
  const wanted = new Set([MANIFEST, ...manifest.parts.map((part) => partPath(part.sha256))]);
  for (const request of await cache.keys()) if (!wanted.has(new URL(request.url).pathname)) await cache.delete(request);
  return true;
}

async function fetched(sha256: string, around: Surroundings): Promise<ArrayBuffer> {
  for (let tries = 1; ; tries += 1) {
    const reply = await around.fetch(partPath(sha256), tries > 1 ? { cache: 'reload' } : {});
    if (!reply.ok) throw new Error(`expected a part of the catalogue, got status ${reply.status}`);
    const data = await reply.arrayBuffer();
    if ((await digest(data)) === sha256) return data;
    if (tries === TRIES) throw new Damaged(`expected part ${sha256.slice(0, 8)} whole, got it damaged ${TRIES} times`);
  }
}

/** The parts of a whole catalogue, one after the other, as they lie on this device. */
export async function* pieces(manifest: Manifest, around: Surroundings): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const cache = await around.cache();
  for (const part of manifest.parts) {
    const kept = await cache.match(partPath(part.sha256));
    if (!kept) throw new Damaged(`expected part ${part.sha256.slice(0, 8)} on this device, got none`);
    yield new Uint8Array(await kept.arrayBuffer());
  }
}
