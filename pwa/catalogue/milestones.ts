/** Which change of a download is worth hearing: its start, each quarter, its end, and what stands in its way. Pure. */
import type { Bringing, Told } from './thread.ts';

export type Milestone =
  | { is: 'started' | 'going-on' | 'quarter'; done_bytes: number; wire_bytes: number }
  | { is: 'here'; where: 'device' | 'memory' }
  | { is: 'swapped' | 'removed' }
  | { is: 'stands'; bringing: Bringing };

const quarters = (at: Bringing): number => ('done_bytes' in at ? Math.floor((4 * at.done_bytes) / at.wire_bytes) : 0);

/** The milestone that was reached between two states; null for none. */
export function milestone(before: Told, after: Told): Milestone | null {
  const [was, is] = [before.bringing, after.bringing];
  if (after.kept && !before.kept) return { is: 'here', where: after.kept.where };
  if (before.kept && !after.kept) return { is: 'removed' };
  if (after.kept && before.kept && after.kept.as_of !== before.kept.as_of) return 'asked' in was && was.asked ? { is: 'swapped' } : null;
  if ('asked' in is && !is.asked) return null;
  if (is.step === 'coming') {
    const { done_bytes, wire_bytes } = is;
    if (was.step !== 'coming') return { is: done_bytes ? 'going-on' : 'started', done_bytes, wire_bytes };
    return quarters(is) > quarters(was) && quarters(is) < 4 ? { is: 'quarter', done_bytes, wire_bytes } : null;
  }
  if (is.step === was.step || is.step === 'none' || is.step === 'opening') return null;
  if ((is.step === 'offered' || is.step === 'too-big' || is.step === 'no-room') && was.step === 'none') return null;
  return { is: 'stands', bringing: is };
}
