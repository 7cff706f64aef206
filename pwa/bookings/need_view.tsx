/** What a reader needs of a room, one plain form; it is remembered on this device. */
import { account } from '../app/account.ts';
import { library } from '../app/library.ts';
import { navigate } from '../app/router.ts';
import { need as words, room as roomWords } from '../words/bookings.ts';
import { dayAfter, dayOf } from '../words/dates.ts';
import { ACCESS_NEEDS, needs, want, type AccessNeed, type Needs } from './needs.ts';

const LENGTHS = [30, 60, 90, 120, 180];

export default function NeedView() {
  const now = account.now();
  const today = dayOf(now);
  const sites = library.info.value?.value.sites ?? [];
  const wanted = needs.value;
  const site = wanted.site || account.patron.value?.site || sites[0]?.id;
  function apply(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    want({
      site: String(form.get('site') ?? ''),
      ahead: Number(form.get('ahead') ?? 0),
      minutes: Number(form.get('minutes') ?? 60),
      people: Number(form.get('people') ?? 1),
      kind: String(form.get('kind') ?? 'any') as Needs['kind'],
      access: form.getAll('access').map(String) as AccessNeed[],
    });
    navigate('/rooms');
  }
  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      <form class="stack-l narrow" onSubmit={apply}>
        <fieldset>
          <legend>{words.site}</legend>
          <div class="choices">
            {sites.map((each) => (
              <label class="choice" key={each.id}>
                <input type="radio" name="site" value={each.id} defaultChecked={each.id === site} />
                <span>{each.name}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div class="field">
          <label for="ahead">{words.day}</label>
          <select id="ahead" name="ahead">
            {Array.from({ length: 15 }, (_, ahead) => (
              <option key={ahead} value={ahead} selected={ahead === wanted.ahead}>
                {words.dayName(dayAfter(today, ahead), today)}
              </option>
            ))}
          </select>
        </div>
        <fieldset>
          <legend>{words.length}</legend>
          <div class="choices row">
            {LENGTHS.map((minutes) => (
              <label class="choice" key={minutes}>
                <input type="radio" name="minutes" value={minutes} defaultChecked={minutes === wanted.minutes} />
                <span>{words.hours(minutes)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div class="field">
          <label for="people">{words.people}</label>
          <select id="people" name="people">
            {Array.from({ length: 12 }, (_, i) => (
              <option key={i} value={i + 1} selected={i + 1 === wanted.people}>
                {words.persons(i + 1)}
              </option>
            ))}
          </select>
        </div>
        <fieldset>
          <legend>{words.kind}</legend>
          <div class="choices row">
            {(['any', 'room', 'pod'] as const).map((kind) => (
              <label class="choice" key={kind}>
                <input type="radio" name="kind" value={kind} defaultChecked={kind === wanted.kind} />
                <span>{words.kinds[kind]}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <fieldset>
          <legend>{words.access}</legend>
          <div class="choices">
            {ACCESS_NEEDS.map((each) => (
              <label class="choice" key={each}>
                <input type="checkbox" name="access" value={each} defaultChecked={wanted.access.includes(each)} />
                <span>{roomWords.access[each]}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <p class="acts fill">
          <button type="submit" class="btn main">
            {words.apply}
          </button>
        </p>
      </form>
    </>
  );
}
