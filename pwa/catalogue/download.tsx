/** The catalogue that comes to this device: how far it is, what stands in its way, and what can be done about it. */
import { library } from '../app/library.ts';
import { State, type Tone } from '../components/parts.tsx';
import { download as words } from '../words/catalogue.ts';
import { catalogue } from './search_client.ts';
import type { Bringing } from './thread.ts';

interface Act {
  name: string;
  go(): void;
  main?: boolean;
}

function Acts({ acts }: { acts: Act[] }) {
  return (
    <p class="acts">
      {acts.map(({ name, go, main }) => (
        <button type="button" class={main ? 'btn main' : 'btn'} key={name} onClick={go}>
          {name}
        </button>
      ))}
    </p>
  );
}

const PAUSE: Act = { name: words.pause, go: catalogue.pause };
const STOP: Act = { name: words.stop, go: catalogue.stop };
const AGAIN: Act = { name: words.again, go: catalogue.bring, main: true };

const TONES = { coming: 'slate', opening: 'slate', paused: 'pencil', waiting: 'pencil', damaged: 'clay', unopened: 'clay' } as const satisfies Partial<Record<Bringing['step'], Tone>>;
const ACTS: Record<keyof typeof TONES, Act[]> = {
  coming: [PAUSE, STOP],
  waiting: [PAUSE, STOP],
  opening: [],
  paused: [{ name: words.goOn, go: catalogue.bring, main: true }, STOP],
  damaged: [AGAIN, STOP],
  unopened: [AGAIN, STOP],
};

function Far({ at }: { at: Extract<Bringing, { done_bytes: number }> }) {
  const said = at.step === 'opening' ? words.openingNew : words[at.step];
  const first = typeof said.first === 'string' ? said.first : said.first(at.done_bytes, at.wire_bytes);
  const left = at.step === 'coming' ? `${at.left_ms === null ? '' : words.coming.left(at.left_ms)}.` : '';
  return (
    <>
      <State tone={TONES[at.step]} first={`${first}${left}`}>
        {said.rest}
      </State>
      {at.step !== 'unopened' && <progress class="far" aria-label={words.progress} max={at.wire_bytes} value={at.done_bytes} />}
      {ACTS[at.step].length > 0 && <Acts acts={ACTS[at.step]} />}
    </>
  );
}

/** What comes, or could; nothing where there is nothing to say. `newer`: beside one that is here. */
export function Coming({ at, newer }: { at: Bringing; newer: boolean }) {
  switch (at.step) {
    case 'none':
      return null;
    case 'offered':
      return (
        <>
          <p>{newer ? words.newer(at.wire_bytes) : words.offered(at.wire_bytes)}</p>
          <Acts acts={[{ name: words.keep(at.wire_bytes), go: catalogue.bring, main: !newer }]} />
        </>
      );
    case 'too-big':
      return <p>{words.tooBig(at.wire_bytes)}</p>;
    case 'no-room':
      return (
        <>
          <p>{words.noRoom(at.needs_bytes, at.free_bytes)}</p>
          <Acts acts={[{ name: words.again, go: catalogue.bring }]} />
        </>
      );
    default:
      return <Far at={at} />;
  }
}

/** Beside a search: the offer, and a download that somebody asked for. */
export function DownloadBeside() {
  const { kept, bringing } = catalogue.state.value;
  const asked = 'asked' in bringing ? bringing.asked : !kept;
  if (bringing.step === 'none' || bringing.step === 'too-big' || !asked) return null;
  return (
    <section aria-labelledby="h-catalogue" class="sheet stack" data-print="no">
      <h2 id="h-catalogue">{words.heading}</h2>
      <Coming at={bringing} newer={kept !== null} />
    </section>
  );
}

/** Among the settings: which catalogue is here, how old and how big, and what comes. */
export function DownloadSettings() {
  const { kept, elsewhere, where, bringing } = catalogue.state.value;
  const named = library.info.value?.value.name;
  const said = kept && (kept.where === 'device' ? words.onDevice : words.inMemory);
  return (
    <section aria-labelledby="h-catalogue" class="stack">
      <h2 id="h-catalogue">{words.heading}</h2>
      <div class="sheet stack">
        {named && <h3>{words.name(named)}</h3>}
        {where === 'opening' && <p>{words.opening}</p>}
        {kept && said && (
          <State tone="moss" first={said.first}>
            {said.rest(kept.records, kept.size_bytes, kept.as_of)}
          </State>
        )}
        {!kept && where !== 'opening' && (
          <p>
            <strong>{(elsewhere ? words.elsewhere : words.absent).first}</strong> {(elsewhere ? words.elsewhere : words.absent).rest}
          </p>
        )}
        <Coming at={bringing} newer={kept !== null} />
        {kept && <Acts acts={[{ name: words.remove, go: catalogue.remove }]} />}
      </div>
    </section>
  );
}
