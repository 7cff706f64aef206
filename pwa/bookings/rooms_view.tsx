/** Rooms: the reader's own bookings, then what is free, the next first, as a list or a table. */
import { useLayoutEffect, useState } from 'preact/hooks';
import { account, type Kept } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import type { BookingFact } from '../app/facts.ts';
import { library } from '../app/library.ts';
import { Answered, AnsweredHere } from '../components/answer.tsx';
import { Icon } from '../components/icon.tsx';
import { Empty, Stamp, State, Tags, Trouble } from '../components/parts.tsx';
import { takeBack, wish } from '../components/wishing.ts';
import { bookButton, room as roomWords, rooms as words } from '../words/bookings.ts';
import { begun, dayOf, stampOfTime } from '../words/dates.ts';
import { span } from '../words/outcomes.ts';
import { ACCESS_NEEDS, dayShown, free, needs, want, type Free } from './needs.ts';

/** Rooms listed before the rest is asked for. */
const FIRST_SHOWN = 6;

export default function RoomsView() {
  /** What was not kept: of which room or booking, and why. */
  const [trouble, setTrouble] = useState({ of: '', said: '' });
  const troubleOf = (id: string): string => (trouble.of === id ? trouble.said : '');
  /** The first room of the rest, once it was asked for: reading goes on there. */
  const [more, setMore] = useState('');
  useLayoutEffect(() => document.getElementById(`room-${more}`)?.focus(), [more]);
  const most = more ? Infinity : FIRST_SHOWN;
  const now = account.now();
  const today = dayOf(now);
  const info = library.info.value?.value;
  const wanted = needs.value;
  const site = info?.sites.find((each) => each.id === (wanted.site || account.patron.value?.site)) ?? info?.sites[0];
  const told = site ? library.rooms(site.id).value : null;
  const signedIn = account.status.value !== 'signed-out';
  const mine = account.bookings.value.filter((each) => each.wish || each.body.ends_at > now);
  const refused = account.answers.value.filter((each) => each.op === 'bookings.book@1' && each.outcome.st !== 'done');
  const on = told ? dayShown(told.value.rooms, wanted, now) : today;
  const found = told ? free(told.value.rooms, wanted, on, now) : [];

  async function ask(of: string, op: string, args: object, seen: Record<string, unknown>, until: number, saidAloud: string): Promise<void> {
    setTrouble({ of, said: await wish(op, args, seen, saidAloud, { until }) });
  }
  const book = (each: Free): Promise<void> =>
    ask(
      each.room.id,
      'bookings.book@1',
      { room: each.room.id, starts_at: each.starts_at, ends_at: each.ends_at, party: wanted.people, access: wanted.access },
      {
        room_name: each.room.name,
        kind: each.room.kind,
        site: each.room.site,
        floor: each.room.floor,
        seats: each.room.seats,
        starts_at: each.starts_at,
        ends_at: each.ends_at,
        access: ACCESS_NEEDS.filter((need) => each.room.access[need]),
        equipment: each.room.equipment,
      },
      each.ends_at,
      roomWords.asked(each.room.name),
    );

  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p>{words.lead}</p>
      </div>
      {refused.length > 0 && (
        <ul class="pile">
          {refused.map((answer) => (
            <li key={answer.u}>
              <Answered answer={answer} level={2} />
            </li>
          ))}
        </ul>
      )}
      {mine.length > 0 && (
        <section>
          <h2 class="head">{words.yours}</h2>
          <ul class="pile duo">
            {mine.map((each) => (
              <Mine key={each.id} booking={each} now={now} trouble={troubleOf(each.id)} ask={ask} />
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby={told && site ? 'h-free' : undefined}>
        <div class="stack">
          {site && (
            <p>
              {words.shown(site.name, on, today, wanted.minutes, wanted.people, wanted.access.map((each) => roomWords.access[each]))}
            </p>
          )}
          <p class="acts">
            <a class="btn" href="/rooms/need">
              <Icon name="tune" />
              {words.change}
            </a>
          </p>
          <ul class="switch two" aria-label={words.view}>
            {(['list', 'table'] as const).map((view) => (
              <li key={view}>
                <a
                  href={`/rooms?view=${view}`}
                  aria-current={wanted.view === view ? 'true' : undefined}
                  onClick={(event) => {
                    event.preventDefault();
                    want({ view });
                    announce(words.shownAs[view]);
                  }}
                >
                  {words[view]}
                </a>
              </li>
            ))}
          </ul>
        </div>
        {!told && <Empty {...words.unknown} />}
        {told && site && (
          <>
            <div class="head after">
              <h2 id="h-free">{words.free(found.length, on, today, site.name)}</h2>
              <p class="age">{words.asOf(told.as_of, now)}</p>
            </div>
            {found.length === 0 && <Empty {...words.none} />}
            {!signedIn && found.length > 0 && (
              <p class="acts">
                <a class="btn main" href="/sign-in">
                  {words.signIn}
                </a>
              </p>
            )}
            {wanted.view === 'list' ? (
              <>
              <ul class="pile duo">
                {found.slice(0, most).map((each) => (
                  <li class="sheet with-stamp" key={each.room.id}>
                    <Stamp time lines={stampOfTime(each.starts_at, each.ends_at, now)} />
                    <div class="stack">
                      <h3 id={`room-${each.room.id}`} tabIndex={-1}>
                        {each.room.name}
                      </h3>
                      <p class="soft">{roomWords.where(each.room.floor, each.room.seats)}</p>
                      <p>
                        <strong>{words.span(each.starts_at, each.free_until)}</strong>
                      </p>
                    </div>
                    <div class="wide stack">
                      <Tags access={ACCESS_NEEDS.filter((need) => each.room.access[need])} steps={each.room.access.steps_at_entrance} />
                      {(each.room.equipment.length > 0 || each.room.note) && (
                        <p class="small soft">{[each.room.equipment.join(', '), each.room.note].filter(Boolean).join('. ')}</p>
                      )}
                    </div>
                    {signedIn && (
                      <div class="wide stack">
                        <Trouble said={troubleOf(each.room.id)} />
                        <p class="acts">
                          <button type="button" class="btn" onClick={() => void book(each)}>
                            {bookButton(each.room.name, each.starts_at, each.ends_at, now)}
                          </button>
                        </p>
                      </div>
                    )}
                  </li>
                ))}
              </ul>
              {found.length > most && (
                <p class="acts after">
                  <button
                    type="button"
                    class="btn"
                    onClick={() => setMore(found[FIRST_SHOWN]?.room.id ?? '')}
                  >
                    {words.rest(found.length - most)}
                  </button>
                </p>
              )}
              </>
            ) : (
              found.length > 0 && (
                <div class="scroll sheet" tabIndex={0} role="region" aria-labelledby="h-table">
                  <table class="roomy">
                    <caption id="h-table">{words.tableCaption(on, today, site.name)}</caption>
                    <thead>
                      <tr>
                        <th scope="col">{words.columns.room}</th>
                        <th scope="col">{words.columns.free}</th>
                        <th scope="col">{words.columns.where}</th>
                        <th scope="col">{words.columns.offers}</th>
                        {signedIn && <th scope="col">{words.columns.book}</th>}
                      </tr>
                    </thead>
                    <tbody>
                      {found.map((each) => (
                        <tr key={each.room.id}>
                          <th scope="row">{each.room.name}</th>
                          <td>{words.span(each.starts_at, each.free_until)}</td>
                          <td>{roomWords.where(each.room.floor, each.room.seats)}</td>
                          <td>{ACCESS_NEEDS.filter((need) => each.room.access[need]).map((need) => roomWords.access[need]).join(', ')}</td>
                          {signedIn && (
                            <td>
                              <Trouble said={troubleOf(each.room.id)} />
                              <button type="button" class="btn" onClick={() => void book(each)}>
                                {bookButton(each.room.name, each.starts_at, each.ends_at, now)}
                              </button>
                            </td>
                          )}
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )
            )}
          </>
        )}
      </section>
    </>
  );
}

function Mine({ booking, now, trouble, ask }: { booking: Kept<BookingFact>; now: number; trouble: string; ask: (of: string, op: string, args: object, seen: Record<string, unknown>, until: number, saidAloud: string) => Promise<void> }) {
  const { body, wish, answer } = booking;
  const wished = wish?.op === 'bookings.book@1';
  const checksIn = wish?.op === 'bookings.check_in@1';
  const seen = { room_name: body.room_name, starts_at: body.starts_at, ends_at: body.ends_at };
  return (
    <li class={wish ? 'wish with-stamp' : 'sheet with-stamp'}>
      <Stamp time tone={wish ? 'pencil' : ''} lines={stampOfTime(body.starts_at, body.ends_at, now)} />
      <div class="stack">
        <h3>{body.room_name}</h3>
        <p>{begun(span(body.starts_at, body.ends_at, now))}</p>
        <p class="soft">{body.floor}</p>
        {!wish && (
          <p>
            <strong>{words.state[body.state]}</strong> {body.state === 'confirmed' && words.grace(body.grace_ends_at)}
          </p>
        )}
      </div>
      <div class="wide stack">
        <Tags access={body.access} />
        {wish && (
          <State tone="pencil" first={wished ? words.notYet : checksIn ? words.checkInWaits : words.cancelWaits}>
            {wished ? words.notYetRest(wish.at, now) : checksIn ? words.checkInWaitsRest(body.grace_ends_at) : words.cancelWaitsRest}
          </State>
        )}
        <Trouble said={trouble} />
        {answer && answer.outcome.st !== 'done' && <AnsweredHere answer={answer} />}
        <p class="acts">
          {wish ? (
            <button type="button" class="btn" onClick={() => void takeBack(wish, now)}>
              {wished ? words.withdraw(body, now) : checksIn ? words.withdrawCheckIn(body) : words.withdrawCancel(body)}
            </button>
          ) : (
            <>
              {body.state === 'confirmed' && now >= body.check_in_from && now < body.grace_ends_at && (
                <button type="button" class="btn main" onClick={() => void ask(booking.id, 'bookings.check_in@1', { booking: booking.id }, seen, body.grace_ends_at, words.checkInAsked(body.room_name))}>
                  {words.checkIn(body)}
                </button>
              )}
              {body.can_cancel && (
                <button type="button" class="btn" onClick={() => void ask(booking.id, 'bookings.cancel@1', { booking: booking.id }, seen, body.ends_at, words.cancelAsked(body.room_name))}>
                  {words.cancel(body, now)}
                </button>
              )}
            </>
          )}
        </p>
      </div>
    </li>
  );
}
