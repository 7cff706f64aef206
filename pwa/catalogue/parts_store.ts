/** Copies the snapshot part by part: each checked, each kept, so that a stop loses nothing. Never a half catalogue. */

export interface Manifest {
  version: string;
  built_at: number;
  records: number;
  size_bytes: number;
  wire_bytes: number;
  parts: { sha256: string; size_bytes: number }[];
}

/** What the reader wants of a catalogue that is not here: now, later (paused), or not at all. */
export interface Wish {
  wanted: 'now' | 'later' | 'no';
  /** The one that is under way. */
  manifest: Manifest | null;
  asked: boolean;
}

const MANIFEST = '/catalogue/1/manifest';
/** The cache of everything here, and where in it the wish lies. */
export const CACHE = 'carrel-catalogue';
export const WISH = '/catalogue/1/wish';
const TRIES = 3;

/** What of the page this needs; fakes stand in for it in tests. */
export interface Surroundings {
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  cache: () => Promise<Cache>;
}

/** A part did not match its digest, however often it was fetched. */
export class Damaged extends Error {}
/** The library has this part no longer: a newer catalogue took its place. */
export class Gone extends Error {}
/** The device keeps nothing more. */
export class Full extends Error {}

export const partPath = (sha256: string): string => `/catalogue/1/parts/${sha256}`;

async function digest(data: ArrayBuffer): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(sum, (each) => each.toString(16).padStart(2, '0')).join('');
}

async function read<T>(path: string, around: Surroundings): Promise<T | null> {
  const kept = await (await around.cache()).match(path);
  return kept ? ((await kept.json()) as T) : null;
}

async function write(path: string, body: BodyInit, around: Surroundings): Promise<void> {
  try {
    await (await around.cache()).put(path, new Response(body));
  } catch (why) {
    throw new Full(`expected room for ${path}, got ${String(why)}`);
  }
}

/** The manifest of the catalogue that is whole on this device; null for none. */
export const keptManifest = (around: Surroundings): Promise<Manifest | null> => read(MANIFEST, around);

/** Call a catalogue whole: the next opening takes this one. */
export const keepManifest = (manifest: Manifest, around: Surroundings): Promise<void> => write(MANIFEST, JSON.stringify(manifest), around);

export const keptWish = (around: Surroundings): Promise<Wish | null> => read(WISH, around);

export async function keepWish(wish: Wish | null, around: Surroundings): Promise<void> {
  if (wish) await write(WISH, JSON.stringify(wish), around);
  else await (await around.cache()).delete(WISH);
}

export async function newestManifest(around: Surroundings): Promise<Manifest> {
  const reply = await around.fetch(MANIFEST, { cache: 'no-cache' });
  if (!reply.ok) throw new Error(`expected a manifest, got status ${reply.status}`);
  return (await reply.json()) as Manifest;
}

/** Bytes of a snapshot's parts that are here, as they lie on this device. */
export async function here(manifest: Manifest, around: Surroundings): Promise<number> {
  const cache = await around.cache();
  let bytes = 0;
  for (const part of manifest.parts) if (await cache.match(partPath(part.sha256))) bytes += part.size_bytes;
  return bytes;
}

/**
 * Bring every part of a snapshot.
 *
 * A part that is here already is not fetched again; one that cannot be unpacked or does not match its digest
 * is fetched anew, three times at most.
 *
 * Returns:
 *   false where `stop` was aborted; what came stays.
 *
 * Throws:
 *   Damaged, Gone, Full; anything else is a network that is not there.
 */
export async function bring(manifest: Manifest, around: Surroundings, progress: (done_bytes: number) => void, stop?: AbortSignal): Promise<boolean> {
  const cache = await around.cache();
  let done = 0;
  for (const part of manifest.parts) {
    if (stop?.aborted) return false;
    if (!(await cache.match(partPath(part.sha256)))) {
      try {
        const data = await fetched(part.sha256, around, stop);
        await write(partPath(part.sha256), data, around);
      } catch (why) {
        if (stop?.aborted) return false;
        throw why;
      }
    }
    done += part.size_bytes;
    progress(done);
  }
  return true;
}

async function fetched(sha256: string, around: Surroundings, stop?: AbortSignal): Promise<ArrayBuffer> {
  for (let tries = 1; ; tries += 1) {
    const reply = await around.fetch(partPath(sha256), { ...(tries > 1 ? { cache: 'reload' } : {}), ...(stop ? { signal: stop } : {}) });
    if (reply.status === 404) throw new Gone(`expected part ${sha256.slice(0, 8)} at the library, got none`);
    if (!reply.ok) throw new Error(`expected a part of the catalogue, got status ${reply.status}`);
    try {
      const data = await reply.arrayBuffer();
      if ((await digest(data)) === sha256) return data;
    } catch (why) {
      // Cut off, or damaged while it was compressed: it could not be unpacked.
      if (tries === TRIES || stop?.aborted) throw why;
    }
    if (tries === TRIES) throw new Damaged(`expected part ${sha256.slice(0, 8)} whole, got it damaged ${TRIES} times`);
  }
}

/** Let go of every part that belongs to none of these. */
export async function tidy(manifests: readonly Manifest[], around: Surroundings): Promise<void> {
  const cache = await around.cache();
  const wanted = new Set([MANIFEST, WISH, ...manifests.flatMap(({ parts }) => parts.map(({ sha256 }) => partPath(sha256)))]);
  for (const request of await cache.keys()) if (!wanted.has(new URL(request.url).pathname)) await cache.delete(request);
}

/** No catalogue is here any more. */
export async function forget(around: Surroundings): Promise<void> {
  await (await around.cache()).delete(MANIFEST);
  await tidy([], around);
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
