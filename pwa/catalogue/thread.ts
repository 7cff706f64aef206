/** What the page asks of the catalogue's own thread, and what it is told. Keeps out how either does its part. */

export type Asked =
  /** Open what is here and look for a newer one. `unasked`: a small one may come without a question. */
  | { kind: 'open'; unasked: boolean }
  | { kind: 'search'; typed: string; offset: number; limit: number }
  | { kind: 'record'; record: string }
  /** Begin the download, or go on with it. */
  | { kind: 'bring' }
  /** What came stays. */
  | { kind: 'pause' }
  /** What came is let go, and nothing comes unasked any more. */
  | { kind: 'stop' }
  | { kind: 'remove' }
  /** The library may be there again. */
  | { kind: 'again' };

/** The catalogue that is searched here. */
export interface Kept {
  /** 'memory': until every tab of Carrel is closed. */
  where: 'device' | 'memory';
  records: number;
  /** When it was built, epoch milliseconds. */
  as_of: number;
  /** As it lies on this device. */
  size_bytes: number;
}

/**
 * How far a catalogue is that is not here yet. `wire_bytes` is what all of it costs to fetch, `done_bytes` the share
 * of that which is here.
 *
 * too-big: this browser can keep no catalogue of its size. no-room: the device has no room for it. waiting: nobody
 * answers; it goes on by itself. damaged: a part came damaged each time. unopened: it is whole but does not open.
 */
export type Bringing =
  | { step: 'none' }
  | { step: 'offered' | 'too-big'; wire_bytes: number }
  | { step: 'no-room'; wire_bytes: number; needs_bytes: number; free_bytes: number }
  | {
      step: 'coming' | 'paused' | 'waiting' | 'damaged' | 'opening' | 'unopened';
      wire_bytes: number;
      done_bytes: number;
      /** By the pace so far; null where that is not known. */
      left_ms: number | null;
      /** Somebody asked for it; a small one comes unasked. */
      asked: boolean;
    };

export interface Told {
  kept: Kept | null;
  /** A catalogue is on this device, but another tab has it open and does not share it. */
  elsewhere: boolean;
  bringing: Bringing;
}
