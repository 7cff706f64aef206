/** What is said about search and records. */
import type { Kind } from '../catalogue/records.ts';
import { count, date, dayOf, when } from './dates.ts';

export const kinds: Record<Kind, string> = {
  book: 'Book',
  ebook: 'eBook',
  journal: 'Journal',
  score: 'Music score',
  map: 'Map',
  video: 'Video',
  audio: 'Sound recording',
  other: 'Other',
};

export const search = {
  title: 'Search',
  label: 'Title, author, subject or ISBN',
  find: 'Find',
  from: {
    device: (n: number, at: number | null): string => `Results appear as you type. ${count(n, 'title')} are on this device${at ? `, as of ${date(dayOf(at))}` : ''}.`,
    memory: (n: number): string => `Results appear as you type. ${count(n, 'title')} are in this tab until it is closed.`,
    server: 'Results appear as you type. They come from the library, so a network is needed.',
    none: 'The catalogue is not on this device yet, and the library cannot be reached. Go online once to search.',
  },
  count: (n: number | null, shown: number, q: string): string => `${n === null ? `More than ${shown} results` : n === 0 ? 'No result' : count(n, 'result')} for “${q}”`,
  instead: (typed: string, used: string): string => `Nothing has “${typed}”. Shown is “${used}”.`,
  order: 'Most sought after first',
  more: 'Show more results',
  onShelf: (free: number, all: number): string => `On the shelf: ${free} of ${all},`,
  allOut: (all: number): string => `All ${all} on loan.`,
  oneOut: 'On loan.',
  firstDue: (on: string, at: number, now: number): string => `First due ${date(on)}, as of ${when(at, now)}.`,
  online: 'Online now.',
  unknown: 'Not known yet.',
  asOf: (at: number, now: number): string => `as of ${when(at, now)}.`,
  none: { heading: 'Nothing found', text: 'Try fewer words, or another spelling. Part of a title and a name together often find it.' },
  begin: { heading: 'What are you looking for?', text: 'A few letters are enough. Titles in other scripts can be typed in their own.' },
  offer: (bytes: number): string => `Keep the whole catalogue on this device to search without a network: ${size(bytes)}.`,
  keep: (bytes: number): string => `Download ${size(bytes)}`,
  coming: (done: number, all: number): string => `${size(done)} of ${size(all)} are here`,
  progress: 'Download of the catalogue',
  pause: 'Pause the download',
  goOn: 'Go on with the download',
  stop: 'Stop the download',
  remove: 'Remove the catalogue from this device',
  done: 'The catalogue is on this device. Search works without a network now.',
};

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1_000))} kB` : `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}

export const record = {
  title: 'Record',
  opening: 'Opening the record',
  stands: 'Where it stands',
  shelfmark: 'Shelfmark',
  copy: (shelfmark: string): string => `Copy shelfmark ${shelfmark}`,
  copied: 'The shelfmark was copied.',
  copies: (n: number): string => count(n, 'copy', 'copies'),
  online: 'Read it online',
  about: 'About it',
  author: 'Author',
  original: 'In its own script',
  year: 'Year',
  publisher: 'Publisher',
  edition: 'Edition',
  extent: 'Extent',
  series: 'Series',
  contributors: 'With',
  subjects: 'Subjects',
  isbn: 'ISBN',
  notes: 'Notes',
  kind: 'Kind',
  back: 'Back to the search',
  missing: { heading: 'No such record here', text: 'It may have left the catalogue, or it is not on this device yet. Search for its title, or go online and open it again.', way: 'Search for it' },
};
