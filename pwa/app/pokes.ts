/**
 * Hears from the library that there is something new, while somebody looks at the page.
 *
 * One stream for all tabs (a Web Lock), opened when the page is seen and somebody is signed in, closed when it
 * has been hidden for a while. A poke says nothing but that it is time to ask; whoever hears none asks anyway,
 * only less soon. Keeps out what there is to be asked.
 */
import type { Fetch } from './account_line.ts';

/** Everything from outside that listening depends on. */
export interface Ear {
  fetch: Fetch;
  /** From 0 (included) to 1 (excluded). */
  random(): number;
  locks: Pick<LockManager, 'request'> | null;
  /** How far this device has read; "" when it has read nothing. */
  readTo(): string;
  /** There is something new: the cursor of whoever has read it. */
  poked(cursor: string): void;
  /** Pokes come from now on, or no longer. */
  hears(there: boolean): void;
}

/** Milliseconds. So long a page may be hidden before it stops listening. */
export const HIDDEN_MS = 60_000;
/** Without a sign of life for so long the stream is given up: the library gives one every 25 s. */
export const SILENT_MS = 60_000;
/** The longest first wait after a stream has ended, doubled with each failure up to the most. */
export const WAIT_MS = 5_000;
export const WAIT_MOST_MS = 5 * 60_000;
/** A change that concerns many readers should not make all of them ask in the same moment. */
export const SPREAD_MS = 250;

export type Listening = ReturnType<typeof listening>;

/** Listens once `seen` and `signedIn` have been told. */
export function listening(ear: Ear) {
  let seen = false;
  let signedIn = false;
  let online = true;
  /** The library did not know who asks; until that changes it is not asked again. */
  let unknown = false;
  let failures = 0;
  let current: AbortController | null = null;
  let hiding: ReturnType<typeof setTimeout> | null = null;

  function attend(): void {
    const wanted = seen && signedIn && online && !unknown;
    if (wanted && !current) {
      const mine = new AbortController();
      current = mine;
      void keep(mine).finally(() => {
        if (current === mine) current = null;
      });
    } else if (!wanted && current) {
      current.abort();
      current = null;
      ear.hears(false);
    }
  }

  /** One stream after the other, until it is no longer wanted; in one tab at a time. */
  async function keep(mine: AbortController): Promise<void> {
    const { signal } = mine;
    const work = async (): Promise<void> => {
      while (!signal.aborted) {
        const least = await hear(signal);
        ear.hears(false);
        if (least === null || signal.aborted) return;
        const most = Math.min(WAIT_MOST_MS, WAIT_MS * 2 ** Math.min(failures, 16));
        await pause(Math.max(least, ear.random() * most), signal);
      }
    };
    if (!ear.locks) return work();
    // The other tabs wait for their turn here, and are told of changes by the one that listens.
    let entered = false;
    try {
      await ear.locks.request('carrel-pokes', { signal }, () => {
        entered = true;
        return work();
      });
    } catch (why) {
      if (signal.aborted) return;
      // Locks that are refused are as good as none.
      if (entered) throw why;
      await work();
    }
  }

  /** One stream to its end. Returns the least time to wait before the next; null: none before something changes. */
  async function hear(signal: AbortSignal): Promise<number | null> {
    const line = new AbortController();
    const hangUp = (): void => line.abort();
    signal.addEventListener('abort', hangUp);
    let timer = setTimeout(hangUp, SILENT_MS);
    try {
      const readTo = ear.readTo();
      const reply = await ear.fetch('/sync/1/events', {
        headers: { accept: 'text/event-stream', ...(readTo ? { 'last-event-id': readTo } : {}) },
        cache: 'no-store',
        redirect: 'error',
        signal: line.signal,
      });
      if (reply.status === 401 || reply.status === 403) {
        unknown = true;
        return null;
      }
      if (!reply.ok || !reply.body || !/^text\/event-stream\b/.test(reply.headers.get('content-type') ?? '')) {
        failures += 1;
        return Number(reply.headers.get('retry-after') ?? 0) * 1_000;
      }
      const words = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (let beats = 0; ; beats += 1) {
        const { done, value } = await words.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(hangUp, SILENT_MS);
        if (beats === 0) ear.hears(true);
        // It goes on after its first words, so nothing in between gathers them.
        else failures = 0;
        const said = (rest + value).split('\n');
        rest = said.pop() ?? '';
        for (const line of said) if (line.startsWith('id:')) void told(line.slice(3).trim(), signal);
      }
      if (failures === 0) return 0;
    } catch {
      // It was cut, was silent for too long, or is no longer wanted.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', hangUp);
    }
    failures += 1;
    return 0;
  }

  async function told(cursor: string, signal: AbortSignal): Promise<void> {
    await pause(ear.random() * SPREAD_MS, signal);
    if (!signal.aborted && cursor !== ear.readTo()) ear.poked(cursor);
  }

  return {
    /** Whether somebody sees this page. */
    seen(now: boolean): void {
      if (hiding) clearTimeout(hiding);
      hiding = null;
      if (now) {
        seen = true;
        attend();
      } else {
        hiding = setTimeout(() => {
          seen = false;
          attend();
        }, HIDDEN_MS);
      }
    },

    /** The page is put away at once: what is open would keep the browser from bringing it back as it was. */
    left(): void {
      if (hiding) clearTimeout(hiding);
      seen = false;
      attend();
    },

    /** Whether a reader is signed in here and known to the library. */
    signedIn(now: boolean): void {
      signedIn = now;
      unknown = false;
      failures = 0;
      attend();
    },

    /** Whether the device has a network. */
    network(there: boolean): void {
      online = there;
      failures = 0;
      attend();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
