/** Opening hours of every service point, kept on the device with their age. */
import { account } from '../app/account.ts';
import { library } from '../app/library.ts';
import { Icon } from '../components/icon.tsx';
import { Empty } from '../components/parts.tsx';
import { asOf } from '../words/common.ts';
import { begun, day, dayOf, daysBetween } from '../words/dates.ts';
import { hours as words } from '../words/help.ts';
import { today as todayWords } from '../words/today.ts';
import { opening } from './opening.ts';

/** Other hours are told so far ahead: a term's length, and not years of bank holidays. */
const AHEAD_DAYS = 90;

export default function HoursView() {
  const told = library.info.value;
  const now = account.now();
  if (!told) {
    return (
      <>
        <h1 tabIndex={-1}>{words.title}</h1>
        <Empty {...words.unknown} />
      </>
    );
  }
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p class="age">{begun(asOf(told.as_of, now))}</p>
      </div>
      {told.value.sites.map((site) => (
        <section key={site.id} class="stack">
          <h2>{site.name}</h2>
          <ul class="pile duo">
            {site.points.map((point) => {
              const state = opening(point, now);
              const today = dayOf(now);
              const others = point.exceptions.filter((each) => each.on >= today && daysBetween(today, each.on) <= AHEAD_DAYS);
              return (
                <li class="sheet stack" key={point.id}>
                  <h3>{point.name}</h3>
                  <p class={`line ${state.open ? 'moss-ink' : 'clay-ink'}`}>
                    <Icon name={state.open ? 'tick' : 'cross'} />
                    <span>
                      <strong>{state.open ? todayWords.open : todayWords.closed}</strong> {state.said}
                    </span>
                  </p>
                  {point.note && <p>{point.note}</p>}
                  <dl class="week">
                    {alike(point.weekly.map(said)).map(([first, last, hours]) => (
                      <div key={first} class="pair">
                        <dt>{words.fromTo(first, last)}</dt>
                        <dd>{hours}</dd>
                      </div>
                    ))}
                  </dl>
                  {others.length > 0 && (
                    <>
                      <h4>{words.exceptions}</h4>
                      <ul class="small">
                        {others.map((each) => (
                          <li key={each.on}>
                            {day(each.on, dayOf(now))}: {said(each.open)}
                            {each.why && `, ${each.why}`}
                          </li>
                        ))}
                      </ul>
                    </>
                  )}
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </>
  );
}

/** Days that follow each other with the same hours, together: first and last day of the week (from 0), hours. */
export function alike(week: readonly string[]): [number, number, string][] {
  const runs: [number, number, string][] = [];
  week.forEach((hours, i) => {
    const last = runs.at(-1);
    if (last?.[2] === hours) last[1] = i;
    else runs.push([i, i, hours]);
  });
  return runs;
}

function said(spans: [string, string][]): string {
  if (!spans.length) return words.closed;
  return spans.map(([from, to]) => (from === '00:00' && (to === '24:00' || to === '00:00') ? words.allDay : words.to(from, to))).join(', ');
}
