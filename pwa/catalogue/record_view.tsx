/** One record: where it stands, whether it can be had, what it is. */
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { announce } from '../app/announcer.ts';
import { library } from '../app/library.ts';
import { path } from '../app/router.ts';
import { Icon } from '../components/icon.tsx';
import { Empty } from '../components/parts.tsx';
import { kinds, record as words, year } from '../words/catalogue.ts';
import { title } from '../words/common.ts';
import { CanIHaveIt } from './parts.tsx';
import { catalogue, type RecordView as Found } from './search_client.ts';
import { siteName } from './search_view.tsx';

/** A record that takes longer is said to be on its way; milliseconds. */
const SLOW_MS = 600;

export default function RecordView() {
  // The address may have gone on already, while this view still stands there.
  const [id] = useState(() => decodeURIComponent(path.peek().replace('/records/', '')));
  const [found, setFound] = useState<Found | null | undefined>(undefined);
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    let stale = false;
    const late = setTimeout(() => setSlow(true), SLOW_MS);
    void catalogue.record(id).then((told) => {
      if (stale) return;
      clearTimeout(late);
      setFound(told);
      document.title = title(told ? told.title : words.missing.heading);
    });
    return () => {
      stale = true;
      clearTimeout(late);
    };
  }, [id]);
  // Whoever was given the heading of the wait is led on to that of the record.
  useLayoutEffect(() => {
    if (slow && found !== undefined && document.activeElement === document.body) document.querySelector<HTMLElement>('main h1')?.focus();
  }, [found]);
  // The heading takes the focus when it comes, so none stands there before, unless the wait is long.
  if (found === undefined) return slow ? <h1 class="coming" tabIndex={-1}>{words.opening}</h1> : null;
  if (found === null) {
    return (
      <>
        <h1 tabIndex={-1}>{words.missing.heading}</h1>
        <Empty text={words.missing.text} way={words.missing.way} href="/search" />
      </>
    );
  }
  return <Known record={found} />;
}

function Known({ record }: { record: Found }) {
  const availability = library.availability.value;
  const facts: [string, string | null][] = [
    [words.kind, kinds[record.kind]],
    [words.year, record.year === null ? null : year(record.year)],
    [words.publisher, record.publisher],
    [words.edition, record.edition],
    [words.extent, record.extent],
    [words.series, record.series],
    [words.contributors, record.contributors.join('; ')],
    [words.subjects, record.subjects.join('; ')],
    [words.isbn, record.isbn.join(', ')],
    [words.notes, record.notes.join(' ')],
  ];
  return (
    <article class="record stack-l">
      <div class="lead">
        <h1 tabIndex={-1} {...(record.lang ? { lang: record.lang } : {})}>
          {record.title}
        </h1>
        {record.title_original && (
          <p class="title" dir="auto" {...(record.lang_original ? { lang: record.lang_original } : {})}>
            {record.title_original}
          </p>
        )}
        {record.author && (
          <p>
            {record.author}
            {record.author_original && (
              <>
                {' '}
                <bdi {...(record.lang_original ? { lang: record.lang_original } : {})}>{record.author_original}</bdi>
              </>
            )}
          </p>
        )}
      </div>
      {record.holdings.length > 0 && (
        <section class="stack">
          <h2>{words.stands}</h2>
          <CanIHaveIt hit={record} told={availability} />
          <ul class="pile">
            {record.holdings.map((holding) => (
              <li class="sheet stands" key={holding.site + holding.shelfmark}>
                <p class="spine-label">{holding.shelfmark.replaceAll(' ', '\n')}</p>
                <div class="where-text">
                  <p class="line">
                    <Icon name="pin" />
                    <span>
                      <strong>{holding.place ? `${siteName(holding.site)},` : siteName(holding.site)}</strong> {holding.place}
                    </span>
                  </p>
                  <p>{words.copies(holding.copies ?? 1)}</p>
                  {holding.note && <p>{holding.note}</p>}
                  <p class="acts">
                    <button
                      type="button"
                      class="btn"
                      onClick={() => {
                        void navigator.clipboard?.writeText(holding.shelfmark).then(() => announce(words.copied));
                      }}
                    >
                      {words.copy(holding.shelfmark)}
                    </button>
                  </p>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {record.links.length > 0 && (
        <section class="stack">
          <h2>{words.online}</h2>
          <ul class="sheet goto">
            {record.links.map((link) => (
              <li key={link.url}>
                <a href={link.url} rel="noreferrer">
                  <Icon name="out" />
                  {link.label || link.url}
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="stack">
        <h2>{words.about}</h2>
        <dl class="sheet pairs">
          {facts
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </>
            ))}
        </dl>
      </section>
    </article>
  );
}
