/** Asking for something and taking it back, each said once wherever it is done. */
import { account, type Wish } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import { notKept, outboxFull } from '../words/common.ts';
import { named } from '../words/outcomes.ts';
import { waiting } from '../words/waiting.ts';

/** Where the library can be reached its answer comes at once, and is all that has to be said; milliseconds. */
const ANSWER_MS = 1_500;

/**
 * Record a wish.
 *
 * Args:
 *   waits: the sentence that says that it waits; said when it does.
 *
 * Returns:
 *   '' or why the wish was not kept, to be shown beside what was tapped.
 */
export async function wish(op: string, args: object, seen: Record<string, unknown>, waits: string, more: { until?: number; base?: Record<string, number> } = {}): Promise<string> {
  const kept = await account.ask(op, args, seen, more);
  if (kept !== 'kept') return kept === 'full' ? outboxFull : notKept;
  const u = account.waiting.peek().at(-1)?.u;
  const say = (): void => {
    if (account.waiting.peek().some((each) => each.u === u)) announce(waits);
  };
  if (['online', 'sending'].includes(account.connection.peek())) setTimeout(say, ANSWER_MS);
  else say();
  return '';
}

/** Take a wish that waits back. */
export async function takeBack(wished: Wish, now: number): Promise<void> {
  await account.withdraw(wished.u);
  announce(waiting.withdrawn(named(wished, now)));
}
