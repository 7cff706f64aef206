/** An answer of the library, kept until it is put away, with what else could be had. */
import { useState } from 'preact/hooks';
import { account, type Answer } from '../app/account.ts';
import type { Book, Shown } from '../app/facts.ts';
import type { Alternative } from '../../sync/phone/phone.ts';
import { begun, stampOfTime } from '../words/dates.ts';
import { bookButton, room } from '../words/bookings.ts';
import { choice, isEnd, named, outcomes, said, span } from '../words/outcomes.ts';
import { Stamp, State, Tags, Trouble } from './parts.tsx';
import { wish } from './wishing.ts';

export function Answered({ answer, level = 3 }: { answer: Answer; level?: 2 | 3 }) {
  const now = account.now();
  const what = named(answer, now);
  const { tone, first, rest } = said(answer);
  const Heading = level === 2 ? 'h2' : 'h3';
  const choices = (answer.outcome.alt ?? []).filter((each) => each.op === 'bookings.book@1' && each.shown);
  const away = isEnd(answer) && (
    <p class="acts">
      <button type="button" class="btn quiet" onClick={() => void account.putAway(answer.u)}>
        {outcomes.putAway(what)}
      </button>
    </p>
  );
  return (
    <article class="answer stack">
      <div class={`outcome ${tone} stack`}>
        <Heading>{what}</Heading>
        <State tone={tone} first={first}>
          {rest}
        </State>
        {choices.length > 0 && <p>{outcomes.others}</p>}
        {choices.length === 0 && away}
      </div>
      {choices.length > 0 && <Alternatives answer={answer} choices={choices} level={level} now={now} />}
      {choices.length > 0 && away}
    </article>
  );
}

/** The same beside what was asked about, which names it already. */
export function AnsweredHere({ answer }: { answer: Answer }) {
  const { tone, first, rest } = said(answer);
  return (
    <>
      <State tone={tone} first={first}>
        {rest}
      </State>
      {isEnd(answer) && (
        <button type="button" class="btn quiet" onClick={() => void account.putAway(answer.u)}>
          {outcomes.putAway(named(answer, answer.answered_at))}
        </button>
      )}
    </>
  );
}

/** What may be had instead; one tap asks for it and puts the refusal away. */
function Alternatives({ answer, choices, level, now }: { answer: Answer; choices: Alternative[]; level: 2 | 3; now: number }) {
  const Heading = level === 2 ? 'h3' : 'h4';
  const [trouble, setTrouble] = useState('');
  async function take(args: Book, shown: Shown): Promise<void> {
    const told = await wish('bookings.book@1', args, { ...shown }, room.asked(shown.room_name), { until: args.ends_at });
    if (!told) await account.putAway(answer.u);
    setTrouble(told);
  }
  return (
    <>
      <ul class="pile duo" aria-label={outcomes.choose}>
        {choices.map((each) => {
          const shown = each.shown as unknown as Shown;
          const args = each.args as unknown as Book;
          return (
            <li class="sheet with-stamp" key={`${args.room}${args.starts_at}`}>
              <Stamp time lines={stampOfTime(shown.starts_at, shown.ends_at, now)} />
              <div class="stack">
                <Heading>{shown.room_name}</Heading>
                <p class="soft">{choice[each.why as keyof typeof choice] ?? ''}</p>
                <p>{begun(span(shown.starts_at, shown.ends_at, now))}</p>
                <p class="soft">{room.where(shown.floor, shown.seats)}</p>
              </div>
              <div class="wide">
                <Tags access={shown.access} />
              </div>
              <p class="acts wide">
                <button type="button" class="btn" onClick={() => void take(args, shown)}>
                  {bookButton(shown.room_name, shown.starts_at, shown.ends_at, now)}
                </button>
              </p>
            </li>
          );
        })}
      </ul>
      <Trouble said={trouble} />
    </>
  );
}
