/** What a search answers, on either side of the network. */

export type Kind = 'book' | 'ebook' | 'journal' | 'score' | 'map' | 'video' | 'audio' | 'other';

export interface Hit {
  id: string;
  title: string;
  title_original: string | null;
  /** BCP 47, of `title` and of `title_original`; "" where not known. */
  lang: string;
  lang_original: string;
  author: string;
  author_original: string;
  year: number | null;
  kind: Kind;
  site: string;
  place: string;
  shelfmark: string;
  copies: number;
  online: string | null;
  /** Folded words that were searched, the last perhaps unfinished. */
  marks: string[];
}

export interface RecordView extends Hit {
  publisher: string;
  edition: string;
  extent: string;
  series: string;
  contributors: string[];
  subjects: string[];
  notes: string[];
  isbn: string[];
  holdings: { site: string; place: string; shelfmark: string; copies?: number; note?: string }[];
  links: { url: string; label: string }[];
}

export interface Results {
  hits: Hit[];
  more: boolean;
  /** How many there are; null where there are more than were looked at. */
  count: number | null;
  /** What was searched instead, where the words as typed found nothing. */
  corrected: string | null;
  from: 'device' | 'memory' | 'server' | 'none';
}
