/** The line to the library: one request out, a reply or the kind of failure back. Keeps out when to use it. */
import * as phone from '../../sync/phone/phone.ts';
import type { Problem } from '../../sync/phone/phone.ts';

/** How long a request may take; milliseconds. */
export const PATIENCE_MS = 20_000;
/** How long to wait for a sign of life; milliseconds. */
export const KNOCK_MS = 5_000;
/** Shorter bodies gain nothing from being compressed. */
const LEAST_TO_COMPRESS_BYTES = 600;

export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

export type Came =
  | { kind: 'reply'; reply: phone.Reply; size: { plain: number; compressed: number } }
  | { kind: 'failure'; failure: phone.Failure };

const CUT: Came = { kind: 'failure', failure: { kind: 'cut' } };

/** Send one request of the conversation. Never rejects: no answer is `cut`, and so is a log-in page in between. */
export async function converse(fetch: Fetch, request: phone.Request): Promise<Came> {
  const plain = new TextEncoder().encode(phone.written(request));
  const small = await gzipped(plain);
  let reply: Response;
  try {
    reply = await fetch('/sync/1', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(small ? { 'content-encoding': 'gzip' } : {}) },
      body: small ?? plain,
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (reply.ok) {
      const told = phone.asReply(await reply.json());
      return told ? { kind: 'reply', reply: told, size: { plain: plain.length, compressed: (small ?? plain).byteLength } } : CUT;
    }
  } catch {
    return CUT;
  }
  const problem = await problemOf(reply);
  const after = Number(reply.headers.get('retry-after'));
  const failure: phone.Failure = { kind: 'status', status: reply.status, problem };
  return { kind: 'failure', failure: after > 0 ? { ...failure, retry_after_ms: after * 1_000 } : failure };
}

/** Whether the library can be reached, asked without risking a request that carries wishes. */
export async function reachable(fetch: Fetch): Promise<boolean> {
  try {
    const reply = await fetch('/sync/1/meta', { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(KNOCK_MS) });
    const told = reply.ok ? ((await reply.json()) as { wire?: unknown }) : {};
    // An overloaded library is there; it says itself when to come back.
    return reply.status === 429 || reply.status === 503 || Array.isArray(told.wire);
  } catch {
    return false;
  }
}

/** The instant before which the library asked not to be asked again, if it did. */
export function restUntil(failure: phone.Failure, now: number): { not_before?: number } {
  return failure.kind === 'status' && failure.retry_after_ms ? { not_before: now + failure.retry_after_ms } : {};
}

/** A reply to JSON sent by POST; null when none came. */
export async function postJson(fetch: Fetch, path: string, body: object): Promise<Response | null> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    return null;
  }
}

async function gzipped(plain: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer | null> {
  if (typeof CompressionStream === 'undefined' || plain.length < LEAST_TO_COMPRESS_BYTES) return null;
  return new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}

async function problemOf(reply: Response): Promise<Problem | null> {
  if (!/\bproblem\+json\b/.test(reply.headers.get('content-type') ?? '')) return null;
  return (await reply.json().catch(() => null)) as Problem | null;
}
