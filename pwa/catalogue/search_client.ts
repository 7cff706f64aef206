/** Search as the views see it: on this device where the catalogue is here, else at the library. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { worker } from '../app/trusted_workers.ts';
import { keepSearchFiles } from '../app/updates.ts';
import workerUrl from './catalogue_worker.ts?worker&url';

import type { RecordView, Results } from './records.ts';

export type { Hit, Kind, RecordView, Results } from './records.ts';

export interface CatalogueState {
  where: 'none' | 'server' | 'memory' | 'device';
  records: number;
  as_of: number | null;
  download: null | { done_bytes: number; size_bytes: number; paused: boolean };
  offer: null | { size_bytes: number };
}

const state = signal<CatalogueState>({ where: 'server', records: 0, as_of: null, download: null, offer: null });
const NOTHING: Results = { hits: [], more: false, count: 0, corrected: null, from: 'none' };

type Told = { id: number; value?: unknown; broken?: string } | { open: { where: 'device' | 'memory'; records: number; as_of: number } | null } | { download: CatalogueState['download'] } | { offer: { size_bytes: number } };

let thread: Worker | null = null;
let opened: Promise<unknown> | null = null;
let asked = 0;
const waits = new Map<number, { done: (value: unknown) => void; broken: (why: Error) => void }>();

function change(by: Partial<CatalogueState>): void {
  state.value = { ...state.peek(), ...by };
}

/** Ask the catalogue's own thread; it is started when search is first used. */
function inside<T>(message: object): Promise<T> {
  if (!thread) {
    thread = worker(workerUrl, { type: 'module' });
    thread.addEventListener('message', (event: MessageEvent<Told>) => {
      const told = event.data;
      if ('id' in told) {
        const wait = waits.get(told.id);
        waits.delete(told.id);
        if (told.broken === undefined) wait?.done(told.value);
        else wait?.broken(new Error(told.broken));
      } else if ('open' in told) {
        change(told.open ? { ...told.open, offer: null } : { where: 'server', records: 0 });
      } else if ('download' in told) {
        change({ download: told.download, offer: null });
        if (told.download === null) void keepSearchFiles();
      } else change({ offer: told.offer });
    });
    thread.addEventListener('error', () => {
      for (const wait of waits.values()) wait.broken(new Error('the catalogue could not be opened on this device'));
      waits.clear();
      // It answers no more: the next search starts another, and asks the library meanwhile.
      thread?.terminate();
      thread = null;
      opened = null;
      change({ where: 'server', records: 0 });
    });
  }
  const id = (asked += 1);
  return new Promise<T>((done, broken) => {
    waits.set(id, { done: done as (value: unknown) => void, broken });
    thread?.postMessage({ ...message, id });
  });
}

function open(): Promise<unknown> {
  opened ??= inside({ kind: 'open' }).catch(() => false);
  return opened;
}

async function ask<T>(path: string, signal?: AbortSignal): Promise<{ status: number; value: T | null }> {
  const reply = await fetch(path, { cache: 'no-store', ...(signal ? { signal } : {}) });
  return { status: reply.status, value: reply.ok ? ((await reply.json()) as T) : null };
}

export const catalogue = {
  state: state as ReadonlySignal<CatalogueState>,

  /** Find records; rejects only when `signal` is aborted. */
  async search(typed: string, offset: number, limit: number, signal?: AbortSignal): Promise<Results> {
    const first = opened === null;
    const opening = open();
    // The first search need not wait for the thread while the library can be asked.
    if (!first || !navigator.onLine) await opening;
    const here = state.peek().where;
    if (here === 'device' || here === 'memory') {
      const found = await inside<Results | null>({ kind: 'search', typed, offset, limit }).catch(() => null);
      if (signal?.aborted) throw signal.reason;
      if (found) return found;
    }
    try {
      const query = new URLSearchParams({ q: typed, offset: String(offset), limit: String(limit) });
      const { value } = await ask<Results & { as_of: number }>(`/catalogue/1/search?${query}`, signal);
      if (!value) return NOTHING;
      if (state.peek().where === 'none') change({ where: 'server' });
      return { ...value, from: 'server' };
    } catch (broken) {
      if (signal?.aborted) throw broken;
      await opening;
      const found = await inside<Results | null>({ kind: 'search', typed, offset, limit }).catch(() => null);
      if (found) return found;
      change({ where: 'none' });
      return NOTHING;
    }
  },

  /** The whole record; null where there is none, or none that can be had now. */
  async record(id: string): Promise<RecordView | null> {
    await open();
    const found = await inside<RecordView | null>({ kind: 'record', record: id }).catch(() => null);
    if (found) return found;
    try {
      return (await ask<RecordView>(`/catalogue/1/records/${encodeURIComponent(id)}`)).value;
    } catch {
      return null;
    }
  },

  download(): void {
    void inside({ kind: 'download' }).catch(() => change({ download: null }));
  },
  pause(): void {
    void inside({ kind: 'pause' });
  },
  async remove(): Promise<void> {
    await inside({ kind: 'remove' });
    change({ download: null, where: 'server' });
  },
};
