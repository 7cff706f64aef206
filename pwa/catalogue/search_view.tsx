/** Search as one types; the words live in the address, so that back returns to the list. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { announceLatest } from '../app/announcer.ts';
import { library } from '../app/library.ts';
import { navigate, query } from '../app/router.ts';
import { Icon } from '../components/icon.tsx';
import { Empty } from '../components/parts.tsx';
import { kinds, search as words, year } from '../words/catalogue.ts';
import { CanIHaveIt, Cloth, Marked } from './parts.tsx';
import { DownloadBeside } from './download.tsx';
import { catalogue, type CatalogueState, type Results } from './search_client.ts';

const PAGE = 20;
/** A pause in typing, after which the count is said; milliseconds. */
const PAUSE_MS = 700;
/** Sentences of which the newest is enough. */
const COUNTED = /results? for|to search(?: it here)?\.$/;

let last: { q: string; results: Results; limit: number } | null = null;

/** What a search came to, in one sentence; '' while it has not come to anything. */
function summary(results: Results | null, typed: string): string {
  if (!results) return '';
  if (results.from === 'none') return catalogue.state.peek().elsewhere ? words.from.noneElsewhere : words.from.none;
  return words.count(results.count, results.hits.length, results.corrected ?? typed);
}

/** Where the answers come from, and how old that is. */
function whence({ where, kept, elsewhere, bringing }: CatalogueState): string {
  if (kept) return words.from[kept.where](kept.records, kept.as_of);
  if (elsewhere && where !== 'opening') return where === 'none' ? words.from.noneElsewhere : words.from.elsewhere;
  if (where === 'server' && (bringing.step === 'coming' || bringing.step === 'opening')) return words.from.coming(bringing.done_bytes, bringing.wire_bytes);
  return where === 'device' || where === 'memory' ? words.from.opening : words.from[where];
}

export default function SearchView() {
  const q = query.value.get('q') ?? '';
  const [typed, setTyped] = useState(q);
  const [limit, setLimit] = useState(last?.q === q ? last.limit : PAGE);
  const [results, setResults] = useState<Results | null>(last?.q === q ? last.results : null);
  const asking = useRef<AbortController | null>(null);
  /** The results were asked for before they were there. */
  const wanted = useRef(false);
  /** What was said of the list; back at it, nothing is new. */
  const heard = useRef(last?.q === q ? summary(last.results, q.trim()) : '');
  const availability = library.availability.value;
  const state = catalogue.state.value;
  const trimmed = q.trim();

  // Where nothing could be found for want of both, it is searched again as soon as there is one.
  const anew = results?.from === 'none' && state.where !== 'none' ? state.where : '';

  useEffect(() => void catalogue.open(true), []);

  useEffect(() => {
    asking.current?.abort();
    if (!trimmed) {
      setResults(null);
      return;
    }
    const mine = (asking.current = new AbortController());
    catalogue.search(trimmed, 0, limit, mine.signal).then(
      (found) => {
        last = { q, results: found, limit };
        setResults(found);
      },
      () => undefined,
    );
    return () => mine.abort();
  }, [trimmed, limit, anew]);

  useEffect(() => {
    const said = trimmed && summary(results, trimmed);
    if (!said || said === heard.current) return;
    const pause = setTimeout(() => {
      heard.current = said;
      announceLatest(COUNTED, said);
    }, PAUSE_MS);
    return () => clearTimeout(pause);
  }, [results]);

  function change(text: string): void {
    setTyped(text);
    setLimit(PAGE);
    navigate(text ? `/search?q=${encodeURIComponent(text)}` : '/search', true);
  }

  /** The results are there as one types; who asks for them is taken to them, as soon as they are drawn. */
  function find(event: SubmitEvent): void {
    event.preventDefault();
    const heading = document.getElementById('h-results');
    wanted.current = !heading;
    heading?.focus();
  }

  useLayoutEffect(() => {
    if (!results || !wanted.current) return;
    wanted.current = false;
    document.getElementById('h-results')?.focus();
  }, [results]);

  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      <form role="search" class="searchbar" data-print="no" onSubmit={find}>
        <div class="field">
          <label for="q">{words.label}</label>
          <input
            id="q"
            name="q"
            type="search"
            autocomplete="off"
            spellcheck={false}
            enterkeyhint="search"
            aria-describedby="q-from"
            value={typed}
            onInput={(event) => change(event.currentTarget.value)}
          />
        </div>
        <button class="btn main" type="submit">
          <Icon name="search" />
          {words.find}
        </button>
      </form>
      <p class="hint" id="q-from">
        {whence(state)}
      </p>
      {!trimmed && <Empty {...words.begin} />}
      {results && trimmed && results.from !== 'none' && (
        <section aria-labelledby="h-results">
          <div class="head">
            <h2 id="h-results" tabIndex={-1}>{summary(results, trimmed)}</h2>
            {results.hits.length > 1 && <p class="soft">{words.order}</p>}
          </div>
          {results.corrected && <p>{words.instead(trimmed, results.corrected)}</p>}
          {results.hits.length === 0 && <Empty {...words.none} />}
          <ul class="pile">
            {results.hits.map((hit) => (
              <li class="sheet hit" key={hit.id}>
                <Cloth shelfmark={hit.shelfmark} />
                <div class="body">
                  <h3>
                    <a href={`/records/${encodeURIComponent(hit.id)}`}>
                      <Marked text={hit.title} marks={hit.marks} lang={hit.lang} />
                    </a>
                  </h3>
                  {hit.title_original && (
                    <p class="title" dir="auto">
                      <Marked text={hit.title_original} marks={hit.marks} lang={hit.lang_original} />
                    </p>
                  )}
                  {hit.author && (
                    <p>
                      <Marked text={hit.author} marks={hit.marks} />
                    </p>
                  )}
                  <p class="soft small">{[kinds[hit.kind], hit.year === null ? '' : year(hit.year)].filter(Boolean).join(', ')}</p>
                  {hit.shelfmark && (
                    <p class="line">
                      <Icon name="pin" />
                      <span>
                        {[siteName(hit.site), hit.place].filter(Boolean).map((each) => `${each}, `).join('')}<span class="mono">{hit.shelfmark}</span>
                      </span>
                    </p>
                  )}
                  <CanIHaveIt hit={hit} told={availability} />
                </div>
              </li>
            ))}
          </ul>
          {results.more && (
            <p class="acts">
              <button type="button" class="btn" onClick={() => setLimit(Math.min(limit + PAGE, 100))}>
                {words.more}
              </button>
            </p>
          )}
        </section>
      )}
      <DownloadBeside />
    </>
  );
}

/** The library's own name for a site; what a record says where it is none of the library's. */
export function siteName(id: string): string {
  return library.info.value?.value.sites.find((each) => each.id === id)?.name ?? id;
}
