/** Search as the views see it: on this device where the catalogue is here, else at the library. */
import { signal, type ReadonlySignal } from '@preact/signals';

export type Kind = 'book' | 'ebook' | 'journal' | 'score' | 'map' | 'video' | 'audio' | 'other';

export interface Hit {
  id: string;
  title: string;
  title_original: string | null;
  /** BCP 47, of `title` and of `title_original`; "" where not known. */
  lang: string;
  lang_original: string;
  author: string;
  author_original: string;
  year: number | null;
  kind: Kind;
  site: string;
  place: string;
  shelfmark: string;
  copies: number;
  online: string | null;
  /** Folded words that were searched, the last perhaps unfinished. */
  marks: string[];
}

export interface RecordView extends Hit {
  publisher: string;
  edition: string;
  extent: string;
  series: string;
  contributors: string[];
  subjects: string[];
  notes: string[];
  isbn: string[];
  holdings: { site: string; place: string; shelfmark: string; copies?: number; note?: string }[];
  links: { url: string; label: string }[];
}

export interface Results {
  hits: Hit[];
  more: boolean;
  /** How many there are; null where there are more than were looked at. */
  count: number | null;
  /** What was searched instead, where the words as typed found nothing. */
  corrected: string | null;
  from: 'device' | 'memory' | 'server' | 'none';
}

export interface CatalogueState {
  where: 'none' | 'server' | 'memory' | 'device';
  records: number;
  as_of: number | null;
  download: null | { done_bytes: number; size_bytes: number; paused: boolean };
  offer: null | { size_bytes: number };
}

const state = signal<CatalogueState>({ where: 'server', records: 0, as_of: null, download: null, offer: null });
const NOTHING: Results = { hits: [], more: false, count: 0, corrected: null, from: 'none' };

async function ask<T>(path: string, signal?: AbortSignal): Promise<{ status: number; value: T | null }> {
  const reply = await fetch(path, { cache: 'no-store', ...(signal ? { signal } : {}) });
  return { status: reply.status, value: reply.ok ? ((await reply.json()) as T) : null };
}

export const catalogue = {
  state: state as ReadonlySignal<CatalogueState>,

  /** Find records; rejects only when `signal` is aborted. */
  async search(typed: string, offset: number, limit: number, signal?: AbortSignal): Promise<Results> {
    try {
      const query = new URLSearchParams({ q: typed, offset: String(offset), limit: String(limit) });
      const { value } = await ask<Results & { as_of: number }>(`/catalogue/1/search?${query}`, signal);
      if (!value) return NOTHING;
      state.value = { ...state.peek(), where: 'server', as_of: value.as_of };
      return { ...value, from: 'server' };
    } catch (broken) {
      if (signal?.aborted) throw broken;
      state.value = { ...state.peek(), where: 'none' };
      return NOTHING;
    }
  },

  /** The whole record; null where there is none, or none that can be had now. */
  async record(id: string): Promise<RecordView | null> {
    try {
      return (await ask<RecordView>(`/catalogue/1/records/${encodeURIComponent(id)}`)).value;
    } catch {
      return null;
    }
  },
};
