/** The phone's finder and the library's give the same hits for the same words, over one snapshot built by the library. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Finder, type Ask } from '../../../pwa/catalogue/finder.ts';
import { plan, words } from '../../../pwa/catalogue/planner.ts';

const ROOT = join(import.meta.dirname, '../../..');
const LIBRARY = `
import json, sys
from pathlib import Path
from carrel.catalogue import demo_titles, generating, planner, snapshot
from carrel.catalogue.search import Snapshot
folder = Path(sys.argv[1])
records = [*demo_titles.records(), *generating.records(2000, 3)]
snapshot.write_file(records, folder / "snapshot.sqlite", 7)
typed = ["", "!", "w", "э", "红", "é", "woolf lig", "belovd", "lighthuose woolf", "histories", "history", "Ngũgĩ", "0-14-143951-3"]
for record in records[::9]:
    found = planner.words(record.title + " " + record.title_original)
    typed += [record.title, record.title[:2], record.title[:5], f"{found[-1]} {found[0][:3]}", record.title.lower()[1:]]
    typed += [record.title_original[:4]] if record.title_original else []
one = Snapshot(folder / "snapshot.sqlite", 7)
def told(text):
    results = one.search(text, 0, 20)
    return [text, [hit.id for hit in results.hits], results.count, results.corrected, results.more, planner.words(text)]
json.dump([told(text) for text in typed], open(folder / "told.json", "w"))
`;

type Told = [string, string[], number | null, string | null, boolean, string[]];
const folder = mkdtempSync(join(tmpdir(), 'carrel-same-'));
let told: Told[] = [];
let finder: Finder;

beforeAll(async () => {
  execFileSync(join(ROOT, '.venv/bin/python'), ['-c', LIBRARY, folder], { cwd: ROOT });
  told = JSON.parse(readFileSync(join(folder, 'told.json'), 'utf8')) as Told[];
  const sqlite = await sqlite3InitModule();
  const file = readFileSync(join(folder, 'snapshot.sqlite'));
  const db = new sqlite.oo1.DB(':memory:');
  const pointer = sqlite.wasm.allocFromTypedArray(new Uint8Array(file));
  db.checkRc(sqlite.capi.sqlite3_deserialize(db.pointer as number, 'main', pointer, file.byteLength, file.byteLength, sqlite.capi.SQLITE_DESERIALIZE_FREEONCLOSE));
  const ask: Ask = (sql, ...values) => db.exec({ sql, ...(values.length ? { bind: values } : {}), rowMode: 'array', returnValue: 'resultRows' }) as (string | number)[][];
  finder = new Finder(ask);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the same words', () => {
  test('give the same hits, counts and corrections on the phone as at the library', () => {
    expect(told.length).toBeGreaterThan(1_000);
    for (const [typed, ids, count, corrected, more] of told) {
      const here = finder.search(typed, 0, 20);
      expect({ typed, ids: here.hits.map((hit) => hit.id), count: here.count, corrected: here.corrected, more: here.more }).toEqual({ typed, ids, count, corrected, more });
    }
  });

  test('are cut and folded alike', () => {
    for (const [typed, , , , , folded] of told) expect([typed, words(typed)]).toEqual([typed, folded]);
  });

  test('bring the same record, whole', () => {
    expect(finder.record('demo-0001')?.holdings[0]).toEqual({ site: 'colchester', place: 'Floor 4', shelfmark: 'PR 6045 .O72 T6', copies: 2 });
    expect(finder.record('there-is-none')).toBeNull();
  });
});

test('a finished word is not taken for the beginning of another', () => {
  expect(plan('wool ').terms).toEqual([{ word: 'wool', prefix: false }]);
  expect(plan('wool').terms).toEqual([{ word: 'wool', prefix: true }]);
});
