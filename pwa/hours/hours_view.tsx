/** Opening hours of every service point, kept on the device with their age. */
import { account } from '../app/account.ts';
import { library } from '../app/library.ts';
import { Icon } from '../components/icon.tsx';
import { Empty } from '../components/parts.tsx';
import { asOf } from '../words/common.ts';
import { day, dayOf } from '../words/dates.ts';
import { hours as words } from '../words/help.ts';
import { today as todayWords } from '../words/today.ts';
import { opening } from './opening.ts';

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
        <p class="age">{asOf(told.as_of, now)}</p>
      </div>
      {told.value.sites.map((site) => (
        <section key={site.id} aria-labelledby={`h-${site.id}`} class="stack">
          <h2 id={`h-${site.id}`}>{site.name}</h2>
          <ul class="pile duo">
            {site.points.map((point) => {
              const state = opening(point, now);
              const others = point.exceptions.filter((each) => each.on >= dayOf(now));
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
                  <dl class="pairs">
                    {words.days.map((name, i) => (
                      <div key={name} class="pair">
                        <dt>{name}</dt>
                        <dd>{said(point.weekly[i] ?? [])}</dd>
                      </div>
                    ))}
                  </dl>
                  {others.length > 0 && (
                    <>
                      <h4>{words.exceptions}</h4>
                      <ul>
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

function said(spans: [string, string][]): string {
  if (!spans.length) return words.closed;
  return spans.map(([from, to]) => (from === '00:00' && (to === '24:00' || to === '00:00') ? words.allDay : words.to(from, to))).join(', ');
}
