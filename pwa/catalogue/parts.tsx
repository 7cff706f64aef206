/** What search and record share: marks, availability, cloth. */
import { account } from '../app/account.ts';
import type { Availability } from '../app/facts.ts';
import type { Aged } from '../app/library.ts';
import { Icon } from '../components/icon.tsx';
import { cloth } from '../components/parts.tsx';
import { search as words } from '../words/catalogue.ts';
import { fold, spaceless } from './planner.ts';
import type { Hit } from './search_client.ts';

const WORD = /([\p{L}\p{N}\p{M}]+)/u;

/** Which signs of a run without spaces were searched: there, a mark may stand in the middle. */
function within(run: string, marks: readonly string[]): boolean[] {
  const plain = fold(run);
  const signs = [...run];
  return signs.map((_, i) => plain.length === run.length && marks.some((mark) => [...mark].some((_, k) => i >= k && plain.startsWith(mark, i - k))));
}

/** A text with the words that were searched shown where they stand; the rest in one piece, as it is read in pieces. */
export function Marked({ text, marks, lang }: { text: string; marks: readonly string[]; lang?: string }) {
  const pieces: { text: string; marked: boolean }[] = [];
  const add = (part: string, marked: boolean): void => {
    const before = pieces.at(-1);
    if (before?.marked === marked) before.text += part;
    else if (part) pieces.push({ text: part, marked });
  };
  text.split(WORD).forEach((part, i) => {
    if (i % 2 === 0) return add(part, false);
    if (!spaceless(part)) return add(part, marks.some((mark) => fold(part).startsWith(mark)));
    const on = within(part, marks);
    [...part].forEach((sign, k) => add(sign, on[k] ?? false));
  });
  return <span {...(lang ? { lang } : {})}>{pieces.map((piece, i) => (piece.marked ? <mark key={i}>{piece.text}</mark> : piece.text))}</span>;
}

/** Book cloth by class letters. Decoration. */
export function Cloth({ shelfmark }: { shelfmark: string }) {
  const letters = /^[A-Z]{1,3}/.exec(shelfmark)?.[0] ?? '';
  return (
    <div class={`cloth ${cloth(letters)}`} aria-hidden="true">
      <span>{letters}</span>
    </div>
  );
}

/** Whether one can have it, with the age of that knowledge. */
export function CanIHaveIt({ hit, told }: { hit: Hit; told: Aged<Availability> | null }) {
  const now = account.now();
  if (hit.online && hit.copies === 0) {
    return (
      <p class="line moss-ink">
        <Icon name="screen" />
        <strong>{words.online}</strong>
      </p>
    );
  }
  if (hit.copies === 0) return null;
  if (!told) {
    return (
      <p class="line">
        <Icon name="help" />
        <span>{words.unknown}</span>
      </p>
    );
  }
  const lent = told.value.records[hit.id];
  const free = hit.copies - (lent?.out ?? 0);
  return free > 0 ? (
    <p class="line moss-ink">
      <Icon name="tick" />
      <span>
        <strong>{words.onShelf(free, hit.copies)}</strong> <span class="age">{words.asOf(told.as_of, now)}</span>
      </span>
    </p>
  ) : (
    <p class="line clay-ink">
      <Icon name="clock" />
      <span>
        <strong>{hit.copies === 1 ? words.oneOut : words.allOut(hit.copies)}</strong>{' '}
        <span class="age">{lent && words.firstDue(lent.first_due_on, told.as_of, now)}</span>
      </span>
    </p>
  );
}
