/** Whether anybody sends just now, for the service worker: a newer app starts before a request or after its reply. */

/** The lock that `account_kept.ts` sends under. */
const SENDER = 'carrel-sync';
/** Longer than a request is waited for; milliseconds. A page that is frozen holds nobody up for ever. */
export const MOST_MS = 25_000;

/** Settled once nobody sends, or after 25 seconds; at once where there are no locks to tell by. */
export async function senderEnds(locks: Pick<LockManager, 'request'> | null | undefined): Promise<void> {
  const late = AbortSignal.timeout(MOST_MS);
  try {
    await locks?.request(SENDER, { signal: late }, () => undefined);
  } catch {
    // Refused, or waited for long enough: whatever was cut is sent again and done once.
  }
}
