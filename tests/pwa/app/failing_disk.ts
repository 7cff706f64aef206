/**
 * A disk that breaks at the k-th step: each opening, reading, writing, and each transaction just before and just
 * after its commit is one. It dies with the page, or fails that one step and works again.
 */
import 'fake-indexeddb/auto';
import { vi } from 'vitest';

export type Breaking = 'dies' | 'fails';

export class FailingDisk {
  /** Every step so far, in words, the broken one last when it has died. */
  readonly steps: string[] = [];
  broken = false;
  /** Resolves when the page has died. */
  readonly death: Promise<'dead'>;
  private die: () => void = () => undefined;
  private readonly at: number;
  private readonly how: Breaking;
  private readonly open = new Set<IDBTransaction>();
  private readonly databases = new Set<IDBDatabase>();

  /** Breaks at step `at`, counted from 1; 0 for never. */
  constructor(at: number, how: Breaking) {
    this.at = at;
    this.how = how;
    this.death = new Promise((resolve) => (this.die = () => resolve('dead')));
    this.watchRequests();
    this.watchTransactions();
    this.watchFactory();
  }

  get dead(): boolean {
    return this.broken && this.how === 'dies';
  }

  /** The disk as it was, for whoever opens it next; what had it open is gone. */
  repaired(): void {
    vi.restoreAllMocks();
    for (const each of this.databases) each.close();
  }

  /** Whether this step breaks. */
  private step(words: string): boolean {
    if (this.dead) return true;
    this.steps.push(words);
    if (this.steps.length !== this.at) return false;
    this.broken = true;
    if (this.how === 'dies') {
      for (const each of this.open) abort(each);
      this.die();
    }
    return true;
  }

  private watchRequests(): void {
    for (const name of ['get', 'put', 'delete', 'clear'] as const) {
      const real = IDBObjectStore.prototype[name] as (...given: unknown[]) => IDBRequest;
      const step = (words: string): boolean => this.step(words);
      vi.spyOn(IDBObjectStore.prototype, name).mockImplementation(function (this: IDBObjectStore, ...given: unknown[]) {
        const words = `${name} ${this.name} ${String(name === 'put' ? given[1] : (given[0] ?? ''))}`;
        const breaks = step(words);
        if (breaks && this.transaction.mode === 'readonly') throw new DOMException('the disk is broken', 'UnknownError');
        const request = real.apply(this, given);
        if (breaks) abort(this.transaction);
        if (name !== 'get') {
          request.addEventListener('success', () => {
            if (step(`${words}, written and not committed`)) abort(request.transaction as IDBTransaction);
          });
        }
        return request;
      } as never);
    }
  }

  private watchTransactions(): void {
    const real = IDBDatabase.prototype.transaction;
    const { open, databases } = this;
    const step = (words: string): boolean => this.step(words);
    const dead = (): boolean => this.dead;
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...given: Parameters<IDBDatabase['transaction']>) {
      if (dead()) throw new DOMException('the page is gone', 'InvalidStateError');
      databases.add(this);
      const tx = real.apply(this, given);
      open.add(tx);
      for (const name of ['abort', 'error']) {
        tx.addEventListener(name, (event) => {
          if (name === 'abort') open.delete(tx);
          if (dead()) event.stopImmediatePropagation();
        });
      }
      tx.addEventListener('complete', (event) => {
        open.delete(tx);
        // What is on the disk cannot fail any more, but the page may die before it hears of it.
        if (tx.mode === 'readwrite' && (dead() || step('committed and not told'))) if (dead()) event.stopImmediatePropagation();
      });
      return tx;
    } as never);
  }

  private watchFactory(): void {
    for (const name of ['open', 'deleteDatabase'] as const) {
      const real = IDBFactory.prototype[name] as (...given: unknown[]) => IDBOpenDBRequest;
      const step = (words: string): boolean => this.step(words);
      vi.spyOn(IDBFactory.prototype, name).mockImplementation(function (this: IDBFactory, ...given: unknown[]) {
        if (step(`${name} ${String(given[0]).slice(0, 3)}`)) throw new DOMException('the disk is broken', 'UnknownError');
        return real.apply(this, given);
      } as never);
    }
  }
}

function abort(tx: IDBTransaction): void {
  try {
    tx.abort();
  } catch {
    // It has ended already.
  }
}
