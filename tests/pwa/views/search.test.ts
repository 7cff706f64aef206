// @vitest-environment jsdom
/** Search as one types, and the record that it leads to. */
import { screen } from '@testing-library/dom';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RECORD, WholeLibrary } from './library.ts';
import { entry, newDevice, page, Page, putDown, texts, told } from './page.ts';

beforeEach(newDevice);
afterEach(putDown);

const BOX = 'Title, author, subject or ISBN';
const WOOLF = { ...RECORD, id: 'b2', title: 'To the lighthouse', author: 'Woolf, Virginia', year: 1927, shelfmark: 'PR 6045 .O72', copies: 1 };
const GENJI = { ...RECORD, id: 'b3', title: 'Genji monogatari', title_original: '源氏物語', lang: 'ja-Latn', lang_original: 'ja', author: 'Murasaki Shikibu', author_original: '紫式部', year: 1008, copies: 0, shelfmark: '', online: 'https://books.example.org/genji', links: [{ url: 'https://books.example.org/genji', label: 'Read Genji' }] };

function stocked(): WholeLibrary {
  const library = new WholeLibrary();
  library.records = [RECORD, WOOLF, GENJI];
  return library;
}

describe('the list', () => {
  test('before anything is typed the page says what can be typed', async () => {
    await Page.open('/search');
    screen.getByRole('heading', { name: 'What are you looking for?' });
    expect(screen.getByRole('searchbox', { name: BOX })).toHaveProperty('value', '');
  });

  test('follows what is typed, keeps it in the address, and is counted aloud once the typing rests', async () => {
    const tab = await Page.open('/search', stocked());
    await tab.hand.click(screen.getByLabelText(BOX));
    await tab.hand.keyboard('lighthouse');
    await tab.rest();
    expect(location.search).toBe('?q=lighthouse');
    expect(texts('heading')).toEqual(['Search', '1 result for “lighthouse”', 'To the lighthouse']);
    expect(document.activeElement).toBe(screen.getByLabelText(BOX));
    expect(await tab.hear()).toEqual(['1 result for “lighthouse”']);
  });

  test('takes who asks for it to its heading, be it there yet or not', async () => {
    const tab = await Page.open('/search?q=lighthouse', stocked());
    await tab.tap('button', 'Find');
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: '1 result for “lighthouse”' }));
    await tab.again('/search');
    await tab.hand.type(screen.getByLabelText(BOX), 'beloved{Enter}');
    await tab.rest();
    expect(document.activeElement).toBe(screen.getByRole('heading', { name: '1 result for “beloved”' }));
  });

  test('of a word that nothing has says so and what to try', async () => {
    const tab = await Page.open('/search?q=zzqxv', stocked());
    expect(texts('heading')).toEqual(['Search', 'No result for “zzqxv”', 'Nothing found']);
    expect(page()).toContain('Try fewer words, or another spelling.');
    expect(await tab.hear()).toEqual(['No result for “zzqxv”']);
  });

  test('that was corrected says what was searched instead', async () => {
    const library = stocked();
    library.corrections.set('litehosue', 'lighthouse');
    const tab = await Page.open('/search?q=litehosue', library);
    expect(await tab.hear()).toEqual(['1 result for “lighthouse”']);
    expect(page()).toContain('Nothing has “litehosue”. Shown is “lighthouse”.');
    screen.getByRole('heading', { name: '1 result for “lighthouse”' });
  });

  test('is longer on request, and the focus stays', async () => {
    const library = new WholeLibrary();
    library.records = Array.from({ length: 30 }, (_, i) => ({ ...RECORD, id: `b${i}`, title: `Volume ${i}` }));
    const tab = await Page.open('/search?q=volume', library);
    expect(screen.getAllByRole('heading', { level: 3 })).toHaveLength(20);
    await tab.tap('button', 'Show more results');
    expect(screen.getAllByRole('heading', { level: 3 })).toHaveLength(30);
    expect(screen.queryByRole('button', { name: 'Show more results' })).toBeNull();
    expect(document.activeElement?.closest('main')).not.toBeNull();
  });

  test('is there at once after the way back from a record, at the row that was left', async () => {
    const tab = await Page.open('/search?q=o', stocked());
    await tab.tap('link', 'To the lighthouse');
    screen.getByRole('heading', { level: 1, name: 'To the lighthouse' });
    await tab.back();
    expect(texts('heading').slice(2)).toEqual(['Beloved', 'To the lighthouse', 'Genji monogatari']);
    expect(document.activeElement).toBe(screen.getByRole('link', { name: 'To the lighthouse' }));
    expect(screen.getByLabelText(BOX)).toHaveProperty('value', 'o');
    expect(await tab.hear()).toEqual([]);
  });

  test('says where it comes from, and that nothing can be found where there is neither network nor catalogue', async () => {
    const tab = await Page.openOffline('/search?q=beloved');
    expect(screen.getByLabelText(BOX).getAttribute('aria-describedby')).toBe('q-from');
    expect(document.getElementById('q-from')?.textContent).toBe('The catalogue is not on this device yet, and the library cannot be reached. Go online once to search.');
    expect(texts('heading')).toEqual(['Search']);
    expect(await tab.hear()).toEqual(['The catalogue is not on this device yet, and the library cannot be reached. Go online once to search.']);
  });
});

describe('an entry', () => {
  test('says who, what, where it stands, and whether it can be had, with the age of that', async () => {
    await Page.open('/search?q=beloved', stocked());
    expect(told('Beloved')).toBe('Beloved Morrison, Toni Book, 1987 Colchester, Floor 4, PS 3563 .O8749 On the shelf: 2 of 2, as of 10:30.');
  });

  test('of which all copies are out says when the first is due', async () => {
    const library = stocked();
    library.availability = { b2: { copies: 1, out: 1, first_due_on: '2026-12-02' } };
    await Page.open('/search?q=lighthouse', library);
    expect(told('To the lighthouse')).toContain('On loan. First due 2 December 2026, as of 10:30.');
  });

  test('in another script is marked with its language, both ways', async () => {
    await Page.open('/search?q=genji', stocked());
    expect(entry('Genji monogatari').getByText('源氏物語').closest('[lang]')?.getAttribute('lang')).toBe('ja');
    expect(screen.getByRole('link', { name: 'Genji monogatari' }).querySelector('[lang]')?.getAttribute('lang')).toBe('ja-Latn');
    expect(told('Genji monogatari')).toContain('Online now.');
  });

  test('has a link that is its title alone, however the words are marked in it', async () => {
    await Page.open('/search?q=light', stocked());
    const link = screen.getByRole('link', { name: 'To the lighthouse' });
    expect([...(link.firstChild?.childNodes ?? [])].map((each) => `${each.nodeName} ${each.textContent}`)).toEqual(['#text To the ', 'MARK lighthouse']);
  });
});

describe('a record', () => {
  test('says where it stands before what it is', async () => {
    await Page.open('/records/b1', stocked());
    expect(texts('heading')).toEqual(['Beloved', 'Where it stands', 'About it']);
    expect(document.title).toBe('Beloved - Carrel');
    expect(page()).toContain('On the shelf: 2 of 2, as of 10:30.');
    expect(page()).toContain('Colchester, Floor 4 2 copies');
  });

  test('gives its shelfmark to the clipboard and says so', async () => {
    const tab = await Page.open('/records/b1', stocked());
    const written = vi.spyOn(navigator.clipboard, 'writeText');
    await tab.tap('button', 'Copy shelfmark PS 3563 .O8749');
    expect(written).toHaveBeenCalledWith('PS 3563 .O8749');
    expect(await tab.hear()).toEqual(['The shelfmark was copied.']);
  });

  test('in another script has both titles, each in its language', async () => {
    await Page.open('/records/b3', stocked());
    expect(screen.getByRole('heading', { level: 1 }).getAttribute('lang')).toBe('ja-Latn');
    expect(screen.getByText('源氏物語').getAttribute('lang')).toBe('ja');
    expect(screen.getByText('紫式部').getAttribute('lang')).toBe('ja');
    expect(screen.getByRole('link', { name: 'Read Genji' }).getAttribute('href')).toBe('https://books.example.org/genji');
  });

  test('that is not known here says so and leads back to the search', async () => {
    const tab = await Page.open('/records/none', stocked());
    expect(texts('heading')).toEqual(['No such record here']);
    await tab.tap('link', 'Search for it');
    expect(location.pathname).toBe('/search');
  });

  test('without a network and without the catalogue is not known here either', async () => {
    await Page.openOffline('/records/b1', stocked());
    expect(page()).toContain('It may have left the catalogue, or it is not on this device yet.');
  });
});
