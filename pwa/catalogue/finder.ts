/** Searches one open snapshot. Twin of `backend/carrel/catalogue/search.py`: the same SQL in the same order. */
import { after, expression, EXPANDED, forms, LOOKED_AT, near, PAGE, plan, PREFIX_LETTERS, rank, wantsExpanding, words, type Plan, type Term } from './planner.ts';
import type { Hit, Kind, RecordView, Results } from './records.ts';

/** Runs one question and gives all rows. */
export type Ask = (sql: string, ...values: (string | number)[]) => (string | number)[][];

interface Body {
  i: string;
  t: string;
  a?: number;
  o?: string;
  b?: string;
  l?: string;
  m?: string;
  y?: number;
  k?: Kind;
  h?: [string, string, string, number, string?][];
  u?: [string, string][];
  p?: number;
  e?: string;
  x?: string;
  r?: string;
  c?: number[];
  s?: number[];
  n?: string[];
  d?: string[];
}

const MATCHES = 'select rowid from found where found match ? order by rowid limit ?';
const EXPAND = 'select term from vocab where term >= ? and term < ? order by df desc, term limit ?';
const KNOWN = 'select term, df from vocab where term in (select value from json_each(?)) order by df desc, term limit 1';
const BODIES = 'select row, body from records where row in (select value from json_each(?)) order by row';
const NAMES = 'select code, name from names where code in (select value from json_each(?))';

export class Finder {
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  /** When the snapshot was built (epoch milliseconds) and how many records it has. */
  about(): { built_at: number; records: number } {
    const told = new Map(this.ask('select key, value from about').map(([key, value]) => [String(key), String(value)]));
    if (told.get('layout') !== 'fast-1') throw new Error(`expected layout fast-1, got ${told.get('layout')}`);
    return { built_at: Number(told.get('built_at')), records: Number(told.get('records')) };
  }

  search(typed: string, offset: number, limit: number): Omit<Results, 'from'> {
    let asked = plan(typed);
    let corrected: string | null = null;
    let { rows, count } = this.rows(asked, typed, offset + limit);
    if (!rows.length && asked.terms.length) {
      const better = this.corrected(asked);
      if (better) {
        const instead = better.terms.map((term) => term.word).join(' ');
        asked = better;
        ({ rows, count } = this.rows(better, instead, offset + limit));
        corrected = rows.length ? instead : null;
      }
    }
    const marks = asked.terms.map((term) => term.word);
    return { hits: this.hits(rows.slice(offset, offset + limit), marks), more: rows.length > offset + limit, count, corrected };
  }

  private rows(asked: Plan, typed: string, wanted: number): { rows: number[]; count: number | null } {
    if (asked.isbn) {
      const found = this.ask('select row from isbns where isbn = ?', asked.isbn)[0];
      if (found) return { rows: [Number(found[0])], count: 1 };
    }
    const last = asked.terms.at(-1);
    if (!last) return { rows: [], count: 0 };
    if (asked.letter && wanted <= PAGE) {
      const kept = this.ask('select rows from one_letter where letter = ?', asked.letter)[0];
      const rows = kept ? (JSON.parse(String(kept[0])) as number[]) : [];
      return rows.length < PAGE ? { rows, count: rows.length } : { rows: [...rows, 0], count: null };
    }
    const expanded = wantsExpanding(last) ? this.ask(EXPAND, last.word, after(last.word), EXPANDED).map(([term]) => String(term)) : [];
    const lookedAt = Math.max(LOOKED_AT, wanted) + 1;
    let rows = this.ask(MATCHES, expression(asked, expanded), lookedAt).map(([row]) => Number(row));
    const count = rows.length < lookedAt ? rows.length : null;
    if (asked.terms.reduce((sum, term) => sum + [...term.word].length, 0) > PREFIX_LETTERS) rows = this.ranked(rows, typed);
    return { rows, count };
  }

  private ranked(rows: number[], typed: string): number[] {
    const first = rows.slice(0, LOOKED_AT);
    const bodies = this.bodies(first);
    const names = this.names([...bodies.values()].flatMap((body) => body.a ?? []));
    const asked = words(typed);
    const ranks = new Map([...bodies].map(([row, body]) => [row, rank(asked, `${body.t} ${body.o ?? ''}`, names.get(body.a ?? 0) ?? '')]));
    return [...first.sort((a, b) => (ranks.get(a) ?? 9) - (ranks.get(b) ?? 9) || a - b), ...rows.slice(LOOKED_AT)];
  }

  private corrected(asked: Plan): Plan | null {
    let changed = false;
    const terms = asked.terms.map((term): Term => {
      const known = term.prefix ? this.ask(EXPAND, term.word, after(term.word), 1) : this.ask(KNOWN, JSON.stringify(forms(term.word)));
      const slips = known.length ? [] : near(term.word);
      const better = slips.length ? this.ask(KNOWN, JSON.stringify(slips))[0] : undefined;
      if (!better) return term;
      changed = true;
      return { word: String(better[0]), prefix: false };
    });
    return changed ? { terms, isbn: '', letter: '' } : null;
  }

  /** The whole record; null where this snapshot has no such id. */
  record(id: string): RecordView | null {
    const row = this.ask('select row from ids where id = ?', id)[0];
    if (!row) return null;
    const body = this.bodies([Number(row[0])]).get(Number(row[0]));
    if (!body) return null;
    const names = this.names([...[body.a, body.p].flatMap((code) => code ?? []), ...(body.c ?? []), ...(body.s ?? [])]);
    const named = (codes: number[] = []): string[] => codes.map((code) => names.get(code) ?? '');
    return {
      ...hit(body, names, []),
      publisher: names.get(body.p ?? 0) ?? '',
      edition: body.e ?? '',
      extent: body.x ?? '',
      series: body.r ?? '',
      contributors: named(body.c),
      subjects: named(body.s),
      notes: body.n ?? [],
      isbn: body.d ?? [],
      holdings: (body.h ?? []).map(([site, place, shelfmark, copies, note]) => ({ site, place, shelfmark, copies, ...(note ? { note } : {}) })),
      links: (body.u ?? []).map(([url, label]) => ({ url, label })),
    };
  }

  private hits(rows: number[], marks: string[]): Hit[] {
    const bodies = this.bodies(rows);
    const names = this.names([...bodies.values()].flatMap((body) => body.a ?? []));
    return rows.flatMap((row) => {
      const body = bodies.get(row);
      return body ? [hit(body, names, marks)] : [];
    });
  }

  private bodies(rows: number[]): Map<number, Body> {
    return new Map(this.ask(BODIES, JSON.stringify(rows)).map(([row, body]) => [Number(row), JSON.parse(String(body)) as Body]));
  }

  private names(codes: number[]): Map<number, string> {
    if (!codes.length) return new Map();
    return new Map(this.ask(NAMES, JSON.stringify([...new Set(codes)])).map(([code, name]) => [Number(code), String(name)]));
  }
}

function hit(body: Body, names: Map<number, string>, marks: string[]): Hit {
  const first = body.h?.[0];
  return {
    id: body.i,
    title: body.t,
    title_original: body.o ?? null,
    lang: body.l ?? '',
    lang_original: body.m ?? '',
    author: names.get(body.a ?? 0) ?? '',
    author_original: body.b ?? '',
    year: body.y ?? null,
    kind: body.k ?? 'book',
    site: first?.[0] ?? '',
    place: first?.[1] ?? '',
    shelfmark: first?.[2] ?? '',
    copies: (body.h ?? []).reduce((sum, holding) => sum + holding[3], 0),
    online: body.u?.[0]?.[0] ?? null,
    marks,
  };
}
