/** How readers' phones fare, for staff: what is wrong first, each with what to do. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { account } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import { Empty, State } from '../components/parts.tsx';
import { asOf } from '../words/common.ts';
import { begun, when } from '../words/dates.ts';
import { whyRefused } from '../words/outcomes.ts';
import { syncHealth as words } from '../words/sync_health.ts';
import { ask, forget, health } from './sync_health.ts';

export default function SyncHealthView() {
  useEffect(() => {
    void ask();
    return forget;
  }, []);
  const held = health.value;
  const now = account.now();
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        {held.is === 'here' && <p class="age">{begun(asOf(held.told.as_of, now))}</p>}
      </div>
      {held.is === 'coming' && <p>{words.coming}</p>}
      {held.is === 'signed-out' && <Empty {...words.signedOut} href="/sign-in" />}
      {held.is === 'not-staff' && <Empty {...words.notStaff} href="/" />}
      {held.is === 'unreachable' && <Empty {...words.unreachable} />}
      {held.is === 'here' && <Told />}
      {(held.is === 'unreachable' || held.is === 'here') && (
        <p class="acts">
          <button type="button" class="btn" onClick={() => void again()}>
            {words.again}
          </button>
        </p>
      )}
    </>
  );
}

async function again(): Promise<void> {
  await ask();
  const held = health.peek();
  if (held.is === 'here') announce(held.stale ? words.stale : begun(asOf(held.told.as_of, account.now())));
  else if (held.is === 'unreachable') announce(words.unreachable.heading);
}

function Told() {
  const held = health.value;
  if (held.is !== 'here') return null;
  const { told, stale } = held;
  const now = account.now();
  return (
    <>
      {stale && <State tone="pencil" first={words.stale} />}
      <p>
        {words.lead} {words.counted(told.devices)}
      </p>
      <Part name="stuck" none={!told.stuck.length}>
        <ul class="pile">
          {told.stuck.map((each) => (
            <li class="sheet stack" key={each.device}>
              <h3>{words.phone(each.device)}</h3>
              <p>{words.failed.about(words.operation(each.op), when(each.since_at, now))}</p>
              <State tone="clay" first={words.stuck.first[each.why]}>
                {words.stuck.why(each.why, each.since_at, each.seen_at, now)}
              </State>
            </li>
          ))}
        </ul>
      </Part>
      <Part name="failed" none={!told.failed.length} what={words.failed.what}>
        <ul class="pile">
          {told.failed.map((each) => (
            <li class="sheet stack" key={each.incident}>
              <h3>{words.failed.incident(each.incident)}</h3>
              <p>{words.failed.about(words.operation(each.op), when(each.at, now))}</p>
              {each.code && <State tone="clay" first={words.failed.notKnown} />}
              <details>
                <summary>
                  {words.failed.asked} <span class="hidden-visually">{words.failed.incident(each.incident)}</span>
                </summary>
                <pre class="verbatim">{pretty(each.wish)}</pre>
              </details>
            </li>
          ))}
        </ul>
      </Part>
      <Part name="refused" none={!told.refused.length}>
        <table class="fits">
          <caption>{words.refused.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{words.refused.columns.what}</th>
              <th scope="col">{words.refused.columns.why}</th>
              <th scope="col">{words.refused.columns.times}</th>
            </tr>
          </thead>
          <tbody>
            {told.refused.map((each) => (
              <tr key={`${each.op} ${each.code}`}>
                <th scope="row">{words.operation(each.op)}</th>
                <td>{each.code ? whyRefused(each.op, each.code) : words.refused.noReason}</td>
                <td>{each.times.toLocaleString('en-GB')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part name="clocks" none={!told.clocks.length} what={words.clocks.what}>
        <ul class="pile">
          {told.clocks.map((each) => (
            <li class="sheet stack" key={each.device}>
              <h3>{words.phone(each.device)}</h3>
              <p>{words.clocks.off(each.ahead_ms, each.seen_at, now)}</p>
            </li>
          ))}
        </ul>
      </Part>
      <Part name="anew" none={!told.anew.length} what={words.anew.what}>
        <ul class="pile">
          {told.anew.map((each) => (
            <li class="sheet stack" key={each.device}>
              <h3>{words.phone(each.device)}</h3>
              <p>{words.anew.times(each.times, each.seen_at, now)}</p>
            </li>
          ))}
        </ul>
      </Part>
    </>
  );
}

type PartName = 'stuck' | 'failed' | 'refused' | 'clocks' | 'anew';

/** A part with its heading; where there is nothing, the sentence that says so. */
function Part({ name, none, what, children }: { name: PartName; none: boolean; what?: string; children: ComponentChildren }) {
  return (
    <section class="stack">
      <h2>{words[name].title}</h2>
      {none ? (
        <State tone="moss" first={words[name].none} />
      ) : (
        <>
          {what && <p>{what}</p>}
          {children}
        </>
      )}
    </section>
  );
}

/** A wish as it was sent, in lines; as it came where it cannot be read. */
function pretty(wish: string): string {
  try {
    return JSON.stringify(JSON.parse(wish), null, 2);
  } catch {
    return wish;
  }
}
