/** The first page: what needs the reader, what is safe, what is next, what is open. */
import { account } from '../app/account.ts';
import { library } from '../app/library.ts';
import { navigate } from '../app/router.ts';
import { Icon } from '../components/icon.tsx';
import { cloth, Stamp, Tags } from '../components/parts.tsx';
import { opening } from '../hours/opening.ts';
import { rooms } from '../words/bookings.ts';
import { dayOf, daysBetween, stampOf, stampOfTime, wholeDay } from '../words/dates.ts';
import { hours } from '../words/help.ts';
import { loans as loanWords, why } from '../words/loans.ts';
import { today as words } from '../words/today.ts';

export default function TodayView() {
  const now = account.now();
  const today = dayOf(now);
  const loans = account.loans.value;
  const needs = loans.filter((each) => each.body.state !== 'on_loan' && each.body.state !== 'lost');
  const answers = account.answers.value.filter((each) => each.outcome.st === 'refused' || each.outcome.st === 'expired');
  const next = account.bookings.value.find((each) => each.body.ends_at > now && (each.body.state === 'confirmed' || each.body.state === 'checked_in') && (!each.wish || each.version > 0));
  const renewing = loans.filter((each) => each.body.renews_itself);
  const soonest = renewing.map((each) => each.body.due_on).sort()[0];
  const back = loans.filter((each) => !each.body.renews_itself && daysBetween(today, each.body.due_on) <= 7).length;
  const signedIn = account.status.value !== 'signed-out';
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p>{wholeDay(today)}</p>
      </div>
      <form
        role="search"
        class="searchbar"
        action="/search"
        data-print="no"
        onSubmit={(event) => {
          event.preventDefault();
          const typed = new FormData(event.currentTarget).get('q');
          navigate(`/search?q=${encodeURIComponent(String(typed ?? ''))}`);
        }}
      >
        <div class="field">
          <label for="q">{words.find}</label>
          <input id="q" name="q" type="search" autocomplete="off" enterkeyhint="search" />
        </div>
        <button class="btn main" type="submit">
          <Icon name="search" />
          {words.findButton}
        </button>
      </form>
      <div class="columns two">
        <div class="stack-l">
          {!signedIn && (
            <section class="sheet stack">
              <p>{words.welcome}</p>
              <p class="acts">
                <a class="btn" href="/sign-in">
                  {words.signIn}
                </a>
              </p>
            </section>
          )}
          {signedIn && (
            <section>
              <div class="head">
                <h2>{words.needs}</h2>
                {needs.length + answers.length > 0 && <p class="soft">{words.things(needs.length + (answers.length ? 1 : 0))}</p>}
              </div>
              {needs.length + answers.length === 0 && <p class="sheet">{words.nothing}</p>}
              <ul class="pile">
                {answers.length > 0 && (
                  <li class="sheet stack">
                    <h3>{words.answer}</h3>
                    <p class="acts">
                      <a class="btn" href="/waiting">
                        {words.seeAnswers(answers.length)}
                      </a>
                    </p>
                  </li>
                )}
                {needs.map(({ id, body }) => {
                  const [strong, rest] = body.state.includes('overdue') ? loanWords.wasDue(body.due_on, today) : loanWords.returnBy(body.due_on, today);
                  return (
                    <li class="sheet with-stamp" key={id}>
                      <Stamp tone="clay" lines={stampOf(body.due_on)} />
                      <div class="stack">
                        <h3>
                          {words.takeBack} <cite>{body.title}</cite>
                        </h3>
                        <p>
                          {body.renewal.why && why[body.renewal.why]} <strong>{strong}</strong>
                          {rest}
                        </p>
                      </div>
                      <p class="acts wide">
                        <a class="btn" href={`/records/${encodeURIComponent(body.record)}`}>
                          {loanWords.where(body.title)}
                        </a>
                      </p>
                    </li>
                  );
                })}
              </ul>
            </section>
          )}
          {signedIn && loans.length > 0 && (
            <section>
              <div class="head">
                <h2>{words.loans}</h2>
                <a href="/loans">{words.seeAll(loans.length)}</a>
              </div>
              <div class="sheet stack">
                <div class="shelf" aria-hidden="true">
                  {loans.slice(0, 12).map(({ id, body }, i) => (
                    <i key={id} class={`${cloth(body.shelf)}${body.state === 'on_loan' ? '' : ' due'}${i === Math.min(loans.length, 12) - 1 && i > 3 ? ' lean' : ''}`} />
                  ))}
                </div>
                <p>
                  <strong>{words.onLoan(loans.length)}</strong> {soonest && words.safe(renewing.length, soonest, today)} {words.back(back)}
                </p>
              </div>
            </section>
          )}
        </div>
        <div class="stack-l">
          {signedIn && (
            <section>
              <div class="head">
                <h2 id="h-next">{words.next}</h2>
                <a href="/rooms">{next ? words.another : words.bookOne}</a>
              </div>
              {next ? (
                <div class="sheet with-stamp">
                  <Stamp time lines={stampOfTime(next.body.starts_at, next.body.ends_at, now)} />
                  <div class="stack">
                    <h3>
                      {next.body.room_name}, {next.body.floor}
                    </h3>
                    <p>
                      {words.yours(next.body.starts_at, next.body.ends_at)} {next.body.state === 'confirmed' && rooms.grace(next.body.grace_ends_at)}
                    </p>
                    <Tags access={next.body.access} />
                  </div>
                </div>
              ) : (
                <p class="sheet">{words.noBooking}</p>
              )}
            </section>
          )}
          <OpenNow now={now} />
        </div>
      </div>
    </>
  );
}

function OpenNow({ now }: { now: number }) {
  const info = library.info.value?.value;
  const site = info?.sites.find((each) => each.id === account.patron.value?.site) ?? info?.sites[0];
  return (
    <section class="opening">
      <div class="head">
        <h2>{words.openNow}</h2>
        <a href="/hours">{words.allHours}</a>
      </div>
      {site && (
        <ul class="sheet hours">
          {site.points.slice(0, 4).map((point) => {
            const told = opening(point, now);
            return (
              <li key={point.id}>
                <span class="point">{point.name}</span>
                <span class={`line ${told.open ? 'moss-ink' : 'clay-ink'}`}>
                  <Icon name={told.open ? 'tick' : 'cross'} />
                  <strong>{told.open ? words.open : words.closed}</strong>
                </span>
                <span class="till">{told.said}</span>
              </li>
            );
          })}
        </ul>
      )}
      {!site && <p class="sheet">{hours.unknown.text}</p>}
    </section>
  );
}
