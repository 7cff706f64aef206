/** Facts as a phone holds them: by kind and id, never changed in place. Keeps out what they mean. */

import type { Reply } from '../schema/messages.ts';

/** What the library last said about one thing. */
export interface Fact {
  version: number;
  body: Record<string, unknown>;
}

/** Kind to id to fact. A map that was handed out is never changed: what changed is another map. */
export type Facts = ReadonlyMap<string, ReadonlyMap<string, Fact>>;

/** The facts after a reply's rows and gone ones; the same object when it changed nothing. */
export function applied(facts: Facts, reply: Pick<Reply, 'rows' | 'gone'>): Facts {
  const rows = reply.rows ?? [];
  const gone = reply.gone ?? [];
  if (!rows.length && !gone.length) return facts;
  const all = new Map(facts);
  const mine = new Map<string, Map<string, Fact>>();
  const kindOf = (kind: string) => {
    let ofKind = mine.get(kind);
    if (!ofKind) {
      ofKind = new Map(facts.get(kind));
      mine.set(kind, ofKind);
      all.set(kind, ofKind);
    }
    return ofKind;
  };
  for (const [kind, id, version, body] of rows) kindOf(kind).set(id, { version, body });
  for (const [kind, id] of gone) kindOf(kind).delete(id);
  return all;
}

/** Digest of which facts are held: the same sum of FNV-1a hashes as `checksum` in messages.py. */
export function checksum(facts: Facts): string {
  let total = 0;
  for (const [kind, ofKind] of facts) {
    for (const [id, { version }] of ofKind) {
      let hash = 0x811c9dc5;
      utf8(`${kind}:${id}:${version}`, (byte) => {
        hash = Math.imul(hash ^ byte, 0x01000193);
      });
      total = (total + (hash >>> 0)) >>> 0;
    }
  }
  return total.toString(16).padStart(8, '0');
}

/** How many bytes a text takes on the wire. */
export function bytes(text: string): number {
  let count = 0;
  utf8(text, () => count++);
  return count;
}

function utf8(text: string, each: (byte: number) => void): void {
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 0;
    if (code < 0x80) {
      each(code);
    } else if (code < 0x800) {
      each(0xc0 | (code >> 6));
      each(0x80 | (code & 63));
    } else if (code < 0x10000) {
      each(0xe0 | (code >> 12));
      each(0x80 | ((code >> 6) & 63));
      each(0x80 | (code & 63));
    } else {
      each(0xf0 | (code >> 18));
      each(0x80 | ((code >> 12) & 63));
      each(0x80 | ((code >> 6) & 63));
      each(0x80 | (code & 63));
    }
  }
}
