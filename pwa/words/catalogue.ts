/** What is said about search and records. */
import type { Kind } from '../catalogue/records.ts';
import type { Milestone } from '../catalogue/milestones.ts';
import type { Bringing } from '../catalogue/thread.ts';
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
  /** Where the answers come from. */
  from: {
    opening: 'Results appear as you type.',
    device: (n: number, at: number): string => `Results appear as you type. ${count(n, 'title')} are on this device, as of ${date(dayOf(at))}.`,
    memory: (n: number, at: number): string => `Results appear as you type. ${count(n, 'title')} are here until Carrel is closed, as of ${date(dayOf(at))}.`,
    server: 'Results appear as you type. They come from the library, so a network is needed.',
    coming: (done: number, all: number): string => `Results appear as you type. They come from the library until the catalogue is here: ${of(done, all)}.`,
    elsewhere: 'Results come from the library, so a network is needed. Another tab of Carrel has this device’s catalogue open; close that tab to search it here.',
    none: 'The catalogue is not on this device yet, and the library cannot be reached. Go online once to search.',
    noneElsewhere: 'The library cannot be reached, and another tab of Carrel has this device’s catalogue open. Close that tab to search it here.',
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
};

/** What is said of the catalogue that is on this device, or comes to it. */
export const download = {
  heading: 'Catalogue on this device',
  name: (library: string): string => `The catalogue of ${library}`,
  onDevice: { first: 'On this device.', rest: (n: number, bytes: number, at: number): string => `${count(n, 'title')}, ${size(bytes)}, as of ${date(dayOf(at))}. Search works without a network.` },
  inMemory: { first: 'Here until Carrel is closed.', rest: (n: number, bytes: number, at: number): string => `${count(n, 'title')}, ${size(bytes)}, as of ${date(dayOf(at))}. This browser keeps no files for Carrel, as in a private window.` },
  elsewhere: { first: 'Open in another tab.', rest: 'Another tab of Carrel has the catalogue open and does not share it. Close that tab to search it here.' },
  absent: { first: 'Not on this device.', rest: 'Search goes to the library and needs a network.' },
  opening: 'Looking at what is here.',
  offered: (bytes: number): string => `With the whole catalogue on this device you can search without a network. It is ${size(bytes)} to download.`,
  newer: (bytes: number): string => `The library has a newer catalogue. It is ${size(bytes)} to download; the one that is here stays until then.`,
  // Said to the device as it is written here: an ordinary space.
  keep: (bytes: number): string => `Download ${size(bytes)}`.replace('\u00a0', ' '),
  tooBig: (bytes: number): string => `The catalogue is ${size(bytes)}, more than this browser keeps for Carrel, as in a private window. Search stays at the library.`,
  noRoom: (needs: number, free: number): string => `The catalogue needs ${size(needs)} of room while it is put in place, and this device has ${size(free)} free. Free some space, then try again. Search stays at the library.`,
  coming: { first: (done: number, all: number): string => `${of(done, all)}`, left: (ms: number): string => `, ${left(ms)}`, rest: 'You can leave this page; search goes on meanwhile.' },
  paused: { first: (done: number, all: number): string => `Paused at ${of(done, all)}.`, rest: 'What has come is kept.' },
  waiting: { first: (done: number, all: number): string => `Waiting at ${of(done, all)}.`, rest: 'The library cannot be reached just now. The download goes on by itself when it can.' },
  damaged: { first: (done: number, all: number): string => `Stopped at ${of(done, all)}.`, rest: 'The next part came damaged three times. What came whole is kept. Try again later; if it stays so, tell the library.' },
  openingNew: { first: 'All of it has come.', rest: 'It is being put in place.' },
  unopened: { first: 'It does not open.', rest: 'The catalogue came, but this device could not open it. Try again; search stays at the library meanwhile.' },
  progress: 'Download of the catalogue',
  pause: 'Pause the download',
  goOn: 'Go on with the download',
  again: 'Try the download again',
  stop: 'Stop and remove what has come',
  remove: 'Remove the catalogue from this device',
  aloud(reached: Milestone): string {
    switch (reached.is) {
      case 'started':
        return `The download of the catalogue has started: ${size(reached.wire_bytes)}.`;
      case 'going-on':
        return `The download of the catalogue goes on: ${of(reached.done_bytes, reached.wire_bytes)}.`;
      case 'quarter':
        return `The download of the catalogue: ${of(reached.done_bytes, reached.wire_bytes)}.`;
      case 'here':
        return reached.where === 'device' ? 'The catalogue is on this device. Search works without a network now.' : 'The catalogue is here until Carrel is closed. Search works without a network now.';
      case 'swapped':
        return 'The catalogue on this device is the newer one now.';
      case 'removed':
        return 'The catalogue was removed from this device. Search goes to the library.';
      case 'stands':
        return `The download of the catalogue: ${stands(reached.bringing)}`;
    }
  },
};

/** Why a download does not go on, in one sentence. */
function stands(at: Bringing): string {
  switch (at.step) {
    case 'none':
    case 'coming':
    case 'opening':
      return '';
    case 'offered':
      return 'stopped. What had come is removed.';
    case 'too-big':
      return download.tooBig(at.wire_bytes);
    case 'no-room':
      return download.noRoom(at.needs_bytes, at.free_bytes);
    case 'paused':
    case 'waiting':
    case 'damaged':
      return `${download[at.step].first(at.done_bytes, at.wire_bytes)} ${download[at.step].rest}`;
    case 'unopened':
      return `${download.unopened.first} ${download.unopened.rest}`;
  }
}

const UNITS: [bytes: number, name: string][] = [
  [1_000_000_000, 'GB'],
  [1_000_000, 'MB'],
  [1_000, 'kB'],
];

function unit(bytes: number): [bytes: number, name: string] {
  return UNITS.find(([least]) => bytes >= least) ?? [1_000, 'kB'];
}

function digits(bytes: number, one: number, name: string): string {
  const parts = bytes / one;
  return parts < 10 && name !== 'kB' && parts > 0 ? parts.toFixed(1) : String(Math.max(bytes > 0 ? 1 : 0, Math.round(parts)));
}

/** "72 MB", never parted at the end of a line. */
function size(bytes: number): string {
  const [one, name] = unit(bytes);
  return `${digits(bytes, one, name)}\u00a0${name}`;
}

/** "38 of 72 MB". */
function of(done: number, all: number): string {
  const [one, name] = unit(all);
  return `${digits(done, one, name)} of ${digits(all, one, name)}\u00a0${name}`;
}

function left(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 1 ? 'less than a minute left' : `about ${count(minutes, 'minute')} left`;
}

/** A year as a reader says it: "1927", "412 CE", "about 400 BCE". So old a year is never known to the year. */
export function year(of_our_era: number): string {
  if (of_our_era < 0) return `about ${-of_our_era} BCE`;
  return of_our_era < 1_000 ? `${of_our_era} CE` : String(of_our_era);
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
