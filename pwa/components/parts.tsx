/** The few shapes that every view is made of: stamp, state, empty sheet, tags of a room. */
import type { ComponentChildren } from 'preact';
import { room as words } from '../words/bookings.ts';
import type { Access } from '../app/facts.ts';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'pencil' | 'clay' | 'slate' | 'moss' | '';

/** Decoration beside a sentence that says the same. */
export function Stamp({ lines, tone = '', time = false }: { lines: [string, string, string]; tone?: Tone; time?: boolean }) {
  return (
    <div class={`stamp ${tone}${time ? ' time' : ''}`} aria-hidden="true">
      <span>{lines[0]}</span>
      <b>{lines[1]}</b>
      <span>{lines[2]}</span>
    </div>
  );
}

/** The colour of a book's cloth, by its class letters; one of six, c1 to c6. */
export function cloth(letters: string): string {
  return `c${((letters.charCodeAt(0) || 0) + (letters.charCodeAt(1) || 0)) % 6 + 1}`;
}

const ICONS: Record<Tone, IconName> = { pencil: 'pencil', clay: 'turn', slate: 'clock', moss: 'tick', '': 'help' };

/** A state: its shape and icon, a strong beginning, a sentence. */
export function State({ tone, first, children }: { tone: Tone; first: string; children?: ComponentChildren }) {
  return (
    <div class={`state ${tone}`}>
      <Icon name={ICONS[tone]} />
      <p>
        <strong>{first}</strong> {children}
      </p>
    </div>
  );
}

/** Why something was not kept, beside what was tapped; nothing for ''. */
export function Trouble({ said }: { said: string }) {
  return said ? (
    <p class="field-error" role="alert">
      {said}
    </p>
  ) : null;
}

/** That there is nothing, what will be here, and one way on; without a heading where the page's own says it. */
export function Empty({ heading, text, way, href }: { heading?: string; text: string; way?: string; href?: string }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 96 72" aria-hidden="true" focusable="false">
        <path d="M8 62h80M20 62V26h10v36M34 62V20h8v42M46 62V30h12v32M64 61l10-34 8 2-10 33" />
      </svg>
      {heading && <h2>{heading}</h2>}
      <p>{text}</p>
      {way && href && (
        <a class="btn" href={href}>
          {way}
        </a>
      )}
    </div>
  );
}

const TAGS: Record<Exclude<keyof Access, 'steps_at_entrance'>, IconName> = {
  step_free: 'wheelchair',
  hearing_loop: 'ear',
  adjustable_desk: 'desk',
  adjustable_light: 'light',
  quiet: 'quiet',
};

/** What a room offers and what stands in the way, in words. */
export function Tags({ access, steps = 0 }: { access: readonly string[]; steps?: number }) {
  const offered = (Object.keys(TAGS) as (keyof typeof TAGS)[]).filter((each) => access.includes(each));
  if (!offered.length && !steps) return null;
  return (
    // A few words that are read on with the rest; a list within a list would only be counted aloud.
    <ul class="tags" role="none">
      {steps > 0 && (
        <li>
          <Icon name="steps" />
          {words.steps(steps)}
        </li>
      )}
      {offered.map((each) => (
        <li key={each}>
          <Icon name={TAGS[each]} />
          {words.access[each]}
        </li>
      ))}
    </ul>
  );
}

/** The page for someone who is not signed in, where a reader's own things would be. */
export function SignInFirst({ words: said, way }: { words: { heading: string; text: string }; way: string }) {
  return <Empty heading={said.heading} text={said.text} way={way} href="/sign-in" />;
}
