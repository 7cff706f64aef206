// @vitest-environment jsdom
/** What a reader sees and hears of the catalogue that comes to the device, in the search and in the settings. */
import { screen } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Asked, Bringing, Kept, Told } from '../../../pwa/catalogue/thread.ts';
import { faults } from '../views/faults.ts';
import { AT, RECORD, WholeLibrary } from '../views/library.ts';
import { newDevice, page, Page, part, putDown, read, told } from '../views/page.ts';

const MB = 1_000_000;
const HEADING = 'Catalogue on this device';
const KEPT: Kept = { where: 'device', records: 387, as_of: AT - 86_400_000, size_bytes: 190 * MB };
const COMING = { step: 'coming', wire_bytes: 72 * MB, done_bytes: 0, left_ms: null, asked: true } as const;

/** The catalogue's thread, which says what a test tells it to. */
class MadeUpThread extends EventTarget {
  static last: MadeUpThread | null = null;
  /** What it says to whoever opens it. */
  static first: Told = { kept: null, elsewhere: false, bringing: { step: 'none' } };
  readonly asked: Asked[] = [];
  constructor() {
    super();
    MadeUpThread.last = this;
  }
  postMessage({ id, asked }: { id: number; asked: Asked }): void {
    this.asked.push(asked);
    setTimeout(() => {
      if (asked.kind === 'open') this.say(MadeUpThread.first);
      this.post({ id, value: null });
    }, 0);
  }
  say(told: Told): void {
    this.post({ told });
  }
  terminate(): void {}
  private post(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: structuredClone(data) }));
  }
}

beforeEach(() => {
  newDevice();
  MadeUpThread.first = { kept: null, elsewhere: false, bringing: { step: 'none' } };
  vi.stubGlobal('Worker', MadeUpThread);
});
afterEach(putDown);

async function opened(address: string, first: Partial<Told> = {}, library = new WholeLibrary()): Promise<Page> {
  MadeUpThread.first = { ...MadeUpThread.first, ...first };
  return Page.open(address, library);
}

async function say(tab: Page, bringing: Bringing, over: Partial<Told> = {}): Promise<void> {
  MadeUpThread.last?.say({ kept: null, elsewhere: false, ...over, bringing });
  await tab.rest();
}

/** What the page asked of the thread since it was opened. */
const asked = (): string[] => (MadeUpThread.last?.asked ?? []).map(({ kind }) => kind).filter((kind) => kind !== 'open');
const whence = (): string => read(document.getElementById('q-from') as HTMLElement);
const progress = (): HTMLProgressElement => screen.getByRole('progressbar', { name: 'Download of the catalogue' });

/** A download that does not go on: what is so, and what can be done. */
const STANDS: [name: string, at: Bringing, said: string, buttons: string[]][] = [
  ['paused', { ...COMING, step: 'paused', done_bytes: 38 * MB }, 'Paused at 38 of 72 MB. What has come is kept.', ['Go on with the download', 'Stop and remove what has come']],
  ['without a network', { ...COMING, step: 'waiting', done_bytes: 38 * MB }, 'Waiting at 38 of 72 MB. The library cannot be reached just now. The download goes on by itself when it can.', ['Pause the download', 'Stop and remove what has come']],
  ['damaged', { ...COMING, step: 'damaged', done_bytes: 38 * MB }, 'Stopped at 38 of 72 MB. The next part came damaged three times. What came whole is kept. Try again later; if it stays so, tell the library.', ['Try the download again', 'Stop and remove what has come']],
  ['without room', { step: 'no-room', wire_bytes: 72 * MB, needs_bytes: 551 * MB, free_bytes: 98 * MB }, 'The catalogue needs 551 MB of room while it is put in place, and this device has 98 MB free. Free some space, then try again. Search stays at the library.', ['Try the download again']],
  ['that does not open', { ...COMING, step: 'unopened', done_bytes: 72 * MB }, 'It does not open. The catalogue came, but this device could not open it. Try again; search stays at the library meanwhile.', ['Try the download again', 'Stop and remove what has come']],
];

describe('the search', () => {
  test('offers a big catalogue with its size, quietly, and is at the library until then', async () => {
    const tab = await opened('/search');
    await say(tab, { step: 'offered', wire_bytes: 72 * MB });
    expect(part(HEADING)).toBe(`${HEADING} With the whole catalogue on this device you can search without a network. It is 72 MB to download. Download 72 MB`);
    expect(whence()).toBe('Results appear as you type. They come from the library, so a network is needed.');
    expect(await tab.hear()).toEqual([]);
    await tab.tap('button', 'Download 72 MB');
    expect(asked()).toEqual(['bring']);
  });

  test('shows how far a download is, in words and natively, and says its start, each quarter and its end', async () => {
    const tab = await opened('/search', { bringing: { step: 'offered', wire_bytes: 72 * MB } });
    const said: string[] = [];
    for (let done = 0; done <= 72; done += 6) {
      await say(tab, { ...COMING, done_bytes: done * MB, left_ms: done ? (72 - done) * 10_000 : null });
      said.push(...(await tab.hear()));
    }
    await say(tab, { ...COMING, step: 'opening', done_bytes: 72 * MB });
    await say(tab, { step: 'none' }, { kept: KEPT });
    said.push(...(await tab.hear()));
    expect(said).toEqual([
      'The download of the catalogue has started: 72 MB.',
      'The download of the catalogue: 18 of 72 MB.',
      'The download of the catalogue: 36 of 72 MB.',
      'The download of the catalogue: 54 of 72 MB.',
      'The catalogue is on this device. Search works without a network now.',
    ]);
    expect(whence()).toBe('Results appear as you type. 387 titles are on this device, as of 22 November 2026.');
    expect(screen.queryByRole('region', { name: HEADING })).toBeNull();
  });

  test('has a progress that a reader can ask for, and ways to pause and to stop', async () => {
    const tab = await opened('/search', { bringing: { ...COMING, done_bytes: 38 * MB, left_ms: 120_000 } });
    expect(part(HEADING)).toContain('38 of 72 MB, about 2 minutes left. You can leave this page; search goes on meanwhile.');
    expect([progress().value, progress().max]).toEqual([38 * MB, 72 * MB]);
    expect(whence()).toContain('until the catalogue is here: 38 of 72 MB.');
    await tab.tap('button', 'Pause the download');
    await tab.tap('button', 'Stop and remove what has come');
    expect(asked()).toEqual(['pause', 'stop']);
  });

  test.each(STANDS)('says plainly of a download %s what is so and what can be done, aloud too', async (_, bringing, text, buttons) => {
    const tab = await opened('/search', { bringing: { ...COMING, done_bytes: 38 * MB } });
    await tab.hear();
    await say(tab, bringing);
    expect(part(HEADING)).toContain(text);
    for (const name of buttons) screen.getByRole('button', { name });
    expect(faults()).toEqual([]);
    const said = await tab.hear();
    expect(said).toEqual([`The download of the catalogue: ${text}`]);
  });

  test('says nothing of a small catalogue that comes by itself, until it is here', async () => {
    const tab = await opened('/search');
    await say(tab, { ...COMING, asked: false });
    expect(screen.queryByRole('region', { name: HEADING })).toBeNull();
    await say(tab, { step: 'none' }, { kept: KEPT });
    expect(await tab.hear()).toEqual(['The catalogue is on this device. Search works without a network now.']);
  });

  test('says nothing of a download in a tab that nobody looks at', async () => {
    const tab = await opened('/search', { bringing: { step: 'offered', wire_bytes: 72 * MB } });
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    await say(tab, COMING);
    expect(await tab.hear()).toEqual([]);
  });

  test('says where the answers come from when another tab has the catalogue and does not share it', async () => {
    const tab = await opened('/search?q=beloved', { elsewhere: true });
    expect(whence()).toBe('Results come from the library, so a network is needed. Another tab of Carrel has this device’s catalogue open; close that tab to search it here.');
    expect(screen.getByRole('link', { name: 'Beloved' })).toBeTruthy();
    await tab.offline();
    await tab.type(/Title, author/, 'x');
    expect(whence()).toBe('The library cannot be reached, and another tab of Carrel has this device’s catalogue open. Close that tab to search it here.');
    expect(await tab.hear()).toContain('The library cannot be reached, and another tab of Carrel has this device’s catalogue open. Close that tab to search it here.');
  });

  test('that found nothing for want of a network is done again when there is one', async () => {
    const tab = await Page.openOffline('/search?q=beloved');
    expect(screen.queryByRole('link', { name: 'Beloved' })).toBeNull();
    await tab.online();
    screen.getByRole('link', { name: 'Beloved' });
  });

  test('says that a catalogue is there only until Carrel is closed', async () => {
    await opened('/search', { kept: { ...KEPT, where: 'memory' } });
    expect(whence()).toBe('Results appear as you type. 387 titles are here until Carrel is closed, as of 22 November 2026.');
  });
});

test.each([
  ['now', 1],
  ['later', 0],
])('a download that is wanted %s when Carrel is opened elsewhere is asked for %d times', async (wanted, times) => {
  MadeUpThread.last = null;
  vi.stubGlobal('caches', { has: async () => true, open: async () => ({ match: async () => Response.json({ wanted, manifest: null, asked: true }) }) });
  await Page.open('/hours');
  expect((MadeUpThread.last as MadeUpThread | null)?.asked ?? []).toEqual(Array.from({ length: times }, () => ({ kind: 'open', unasked: false })));
});

describe('the settings', () => {
  test('say which catalogue is here, how many titles, how big and how old, and remove it', async () => {
    const tab = await opened('/settings', { kept: KEPT });
    expect(part(HEADING)).toBe(
      `${HEADING} The catalogue of Estuary University Library On this device. 387 titles, 190 MB, as of 22 November 2026. Search works without a network. Remove the catalogue from this device`,
    );
    await tab.tap('button', 'Remove the catalogue from this device');
    expect(asked()).toEqual(['remove']);
    await say(tab, { step: 'offered', wire_bytes: 72 * MB });
    expect(await tab.hear()).toEqual(['The catalogue was removed from this device. Search goes to the library.']);
    expect(document.activeElement?.closest('main')).not.toBeNull();
  });

  test('bring one where there is none, and let nothing come that was not asked for', async () => {
    const tab = await opened('/settings', { bringing: { step: 'offered', wire_bytes: 3 * MB } });
    expect(part(HEADING)).toContain('Not on this device. Search goes to the library and needs a network.');
    expect(MadeUpThread.last?.asked).toEqual([{ kind: 'open', unasked: false }]);
    await tab.tap('button', 'Download 3.0 MB');
    expect(asked()).toEqual(['bring']);
  });

  test('offer a newer one beside the one that is here, and say when it has taken its place', async () => {
    const tab = await opened('/settings', { kept: KEPT, bringing: { step: 'offered', wire_bytes: 72 * MB } });
    expect(part(HEADING)).toContain('The library has a newer catalogue. It is 72 MB to download; the one that is here stays until then.');
    await say(tab, COMING, { kept: KEPT });
    await tab.hear();
    await say(tab, { step: 'none' }, { kept: { ...KEPT, as_of: AT } });
    expect(await tab.hear()).toEqual(['The catalogue on this device is the newer one now.']);
    expect(part(HEADING)).toContain('as of 23 November 2026');
  });

  test('say why a catalogue cannot be kept in this browser', async () => {
    await opened('/settings', { bringing: { step: 'too-big', wire_bytes: 72 * MB } });
    expect(part(HEADING)).toContain('The catalogue is 72 MB, more than this browser keeps for Carrel, as in a private window. Search stays at the library.');
  });

  test('say that another tab has it open', async () => {
    await opened('/settings', { elsewhere: true });
    expect(part(HEADING)).toContain('Open in another tab. Another tab of Carrel has the catalogue open and does not share it.');
  });
});

describe('a year', () => {
  test.each([
    [-375, 'about 375 BCE'],
    [412, '412 CE'],
    [1987, '1987'],
  ])('%d is shown as “%s”', async (year, shown) => {
    const library = new WholeLibrary();
    library.records = [{ ...RECORD, year }];
    const tab = await opened('/search?q=beloved', {}, library);
    expect(told('Beloved')).toContain(`Book, ${shown} Colchester`);
    await tab.tap('link', 'Beloved');
    expect(page()).toContain(`Year ${shown} `);
  });
});

describe('a title in its own script', () => {
  const entries: [string, string, string, string][] = [
    ['ru', 'Мастер и Маргарита', 'маргарита', 'Маргарита'],
    ['el', 'Ὁ χάρτης τῆς νήσου', 'χαρτησ', 'χάρτης'],
    ['ja', '源氏物語', '物語', '物語'],
    ['ar', 'موسم الهجرة', 'موسم', 'موسم'],
  ];
  test.each(entries)('of %s is marked with its language and its direction, and what was searched in it', async (lang_original, title_original, typed, marked) => {
    const library = new WholeLibrary();
    library.records = [{ ...RECORD, title_original, lang_original, lang: `${lang_original}-Latn` }];
    vi.spyOn(library as unknown as { search(): unknown }, 'search').mockImplementation(() => ({ hits: [{ ...library.records[0], marks: [typed] }], more: false, count: 1, corrected: null }));
    await opened('/search?q=x', {}, library);
    const shown = document.querySelector(`main .hit [lang="${lang_original}"]`);
    expect(shown?.textContent).toBe(title_original);
    expect(shown?.closest('[dir="auto"]')).not.toBeNull();
    expect([...(shown?.querySelectorAll('mark') ?? [])].map((each) => each.textContent)).toEqual([marked]);
  });
});
