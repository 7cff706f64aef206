/** Search as the views see it: on this device where the catalogue is here, else at the library. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { announceLatest } from '../app/announcer.ts';
import { worker } from '../app/trusted_workers.ts';
import { keepSearchFiles } from '../app/updates.ts';
import { download as words } from '../words/catalogue.ts';
import workerUrl from './catalogue_worker.ts?worker&url';
import { milestone } from './milestones.ts';
import type { RecordView, Results } from './records.ts';
import type { Asked, Bringing, Kept, Told } from './thread.ts';

export type { Hit, Kind, RecordView, Results } from './records.ts';

export interface CatalogueState {
  /** Where the next answer comes from. 'none': from nowhere, as far as is known. */
  where: 'opening' | 'none' | 'server' | 'memory' | 'device';
  kept: Kept | null;
  /** It is on this device, but another tab has it open and does not share it. */
  elsewhere: boolean;
  bringing: Bringing;
}

const NOTHING: Results = { hits: [], more: false, count: 0, corrected: null, from: 'none' };
const UNKNOWN: Told = { kept: null, elsewhere: false, bringing: { step: 'none' } };
/** Sentences about the catalogue of this device, of which the newest is enough. */
const ABOUT_IT = /^The (catalogue|download)/;

const state = signal<CatalogueState>({ ...UNKNOWN, where: 'opening' });
let thread: Worker | null = null;
let opened: { done: Promise<unknown>; unasked: boolean } | null = null;
let asked = 0;
const waits = new Map<number, { done: (value: unknown) => void; broken: (why: Error) => void }>();

function change(by: Partial<CatalogueState>): void {
  state.value = { ...state.peek(), ...by };
}

function hear(told: Told): void {
  const before = state.peek();
  change({ ...told, where: told.kept?.where ?? (before.where === 'none' ? 'none' : 'server') });
  if (before.where === 'opening') return;
  if (told.kept && !before.kept) void keepSearchFiles();
  const reached = milestone(before, told);
  if (reached && document.visibilityState === 'visible') announceLatest(ABOUT_IT, words.aloud(reached));
}

function start(): Worker {
  const begun = worker(workerUrl, { type: 'module' });
  begun.addEventListener('message', ({ data }: MessageEvent<{ told: Told } | { id: number; value?: unknown; broken?: string }>) => {
    if ('told' in data) return hear(data.told);
    const wait = waits.get(data.id);
    waits.delete(data.id);
    if (data.broken === undefined) wait?.done(data.value);
    else wait?.broken(new Error(data.broken));
  });
  begun.addEventListener('error', () => {
    for (const wait of waits.values()) wait.broken(new Error('the catalogue could not be opened on this device'));
    waits.clear();
    // It answers no more: the next search starts another, and asks the library meanwhile.
    thread?.terminate();
    thread = null;
    opened = null;
    change({ ...UNKNOWN, where: 'server' });
  });
  return begun;
}

/** Ask the catalogue's own thread; it is started when search is first used. */
function inside<T>(message: Asked): Promise<T> {
  thread ??= start();
  const id = (asked += 1);
  return new Promise<T>((done, broken) => {
    waits.set(id, { done: done as (value: unknown) => void, broken });
    thread?.postMessage({ id, asked: message });
  });
}

/** Open what is here. `unasked`: somebody searches, so a small catalogue may come by itself. */
function open(unasked: boolean): Promise<unknown> {
  if (!opened || (unasked && !opened.unasked)) {
    const done: Promise<unknown> = inside({ kind: 'open', unasked }).then(
      () => {
        if (state.peek().where === 'opening') change({ where: 'server' });
      },
      () => undefined,
    );
    opened = { done, unasked };
  }
  return opened.done;
}

/** What the thread answers, null where it has nothing open or does not answer. */
async function here<T>(message: Asked): Promise<T | null> {
  return inside<T | null>(message).catch(() => null);
}

/** What the library answers, null where it says no. Rejects where it cannot be reached. */
async function there<T>(path: string, stop?: AbortSignal): Promise<T | null> {
  const reply = await fetch(path, { cache: 'no-store', ...(stop ? { signal: stop } : {}) });
  return reply.ok ? ((await reply.json()) as T) : null;
}

/** The first that comes to something; null where none does. */
async function either<T>(ways: Promise<T | null>[]): Promise<T | null> {
  const found = ways.map(async (way) => {
    const value = await way;
    if (value === null) throw new Error('nothing this way');
    return value;
  });
  return Promise.any(found).catch(() => null);
}

export const catalogue = {
  state: state as ReadonlySignal<CatalogueState>,
  open,

  /** Find records; rejects only when `stop` is aborted. */
  async search(typed: string, offset: number, limit: number, stop?: AbortSignal): Promise<Results> {
    const opening = open(true);
    const fromHere = (): Promise<Results | null> => opening.then(() => (stop?.aborted ? null : here<Results>({ kind: 'search', typed, offset, limit })));
    const fromThere = async (): Promise<Results | null> => {
      const query = new URLSearchParams({ q: typed, offset: String(offset), limit: String(limit) });
      const found = await there<Omit<Results, 'from'>>(`/catalogue/1/search?${query}`, stop).catch(() => null);
      return found && { ...found, from: 'server' };
    };
    const { where } = state.peek();
    let found: Results | null;
    if (where === 'device' || where === 'memory') found = (await fromHere()) ?? (await fromThere());
    // The first search need not wait for the thread while the library can be asked.
    else if (where === 'opening' && navigator.onLine) found = await either([fromThere(), fromHere()]);
    else found = (navigator.onLine ? await fromThere() : null) ?? (await fromHere()) ?? (navigator.onLine ? null : await fromThere());
    if (stop?.aborted) throw stop.reason;
    const now = state.peek().where;
    if (found?.from === 'server' && now === 'none') change({ where: 'server' });
    if (!found && now !== 'device' && now !== 'memory') change({ where: 'none' });
    return found ?? NOTHING;
  },

  /** The whole record; null where there is none, or none that can be had now. */
  async record(id: string): Promise<RecordView | null> {
    await open(false);
    const found = await here<RecordView>({ kind: 'record', record: id });
    return found ?? there<RecordView>(`/catalogue/1/records/${encodeURIComponent(id)}`).catch(() => null);
  },

  /** Begin the download, or go on with it. */
  bring: (): void => void here({ kind: 'bring' }),
  pause: (): void => void here({ kind: 'pause' }),
  stop: (): void => void here({ kind: 'stop' }),
  remove: (): void => void here({ kind: 'remove' }),
};

/** The library may be there again: what waits for it goes on. */
function again(): void {
  if (state.peek().where === 'none') change({ where: 'server' });
  if (thread) void here({ kind: 'again' });
}
addEventListener('online', again);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') again();
});
