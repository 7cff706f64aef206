/**
 * From what is typed to what is asked of the snapshot; pure, and the same as at the library.
 *
 * Twin of `backend/carrel/catalogue/planner.py`: a test compares their answers. Change both.
 */

export const LOOKED_AT = 200;
export const EXPANDED = 64;
export const PAGE = 20;
export const PREFIX_LETTERS = 3;
export const TYPO_LETTERS = 4;

const MARKS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]/g;
const LETTERS: Record<string, string> = { ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ß: 'ss', ı: 'i', ς: 'σ' };
const LETTER = /[øłđðþæœßıς]/g;
const UNSPACED = '\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff';
const WORD = new RegExp(`[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{N}])+`, 'gu');
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, 'u');

/** Whether a text is of a script that puts no spaces between words. */
export function spaceless(text: string): boolean {
  return IS_UNSPACED.test(text);
}

/** Lower case, without accents and points: how words are compared. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(MARKS, '')
    .normalize('NFC')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter);
}

/** The folded words of a text; scripts without spaces give each pair of neighbouring signs. */
export function words(text: string): string[] {
  const found: string[] = [];
  for (const run of fold(text).match(WORD) ?? []) {
    const signs = [...run];
    if (signs.length > 1 && IS_UNSPACED.test(run)) for (let i = 0; i < signs.length - 1; i += 1) found.push(`${signs[i]}${signs[i + 1]}`);
    else found.push(run);
  }
  return found;
}

export interface Term {
  word: string;
  /** The person may not have finished it. */
  prefix: boolean;
}

export interface Plan {
  terms: Term[];
  /** Look this number up first; "" for none. */
  isbn: string;
  /** A single letter, whose list was made when the snapshot was built; "" for none. */
  letter: string;
}

/** ISBN-13 or ISSN in digits; "" where the text is neither or its check digit is wrong. */
export function isbn13(text: string): string {
  const digits = text.replace(/[\s\-\u2010-\u2013]/g, '').toUpperCase();
  const value = (c: string): number => (c === 'X' ? 10 : Number(c));
  const weighted = (all: string, from: number): number => [...all].reduce((sum, c, i) => sum + (from - i) * value(c), 0);
  const alternating = (all: string): number => [...all].reduce((sum, c, i) => sum + Number(c) * (i % 2 ? 3 : 1), 0);
  if (/^\d{9}[\dX]$/.test(digits)) {
    if (weighted(digits, 10) % 11) return '';
    const body = `978${digits.slice(0, 9)}`;
    return body + String((10 - (alternating(body) % 10)) % 10);
  }
  if (/^97[89]\d{10}$/.test(digits)) return alternating(digits) % 10 ? '' : digits;
  if (/^\d{7}[\dX]$/.test(digits)) return weighted(digits, 8) % 11 ? '' : digits;
  return '';
}

/** What to ask for what was typed; no terms where there is no word in it. */
export function plan(typed: string): Plan {
  const isbn = isbn13(typed);
  const found = words(typed);
  const last = found.at(-1);
  if (last === undefined) return { terms: [], isbn, letter: '' };
  const unfinished = /[\p{L}\p{N}_]$/u.test(typed.replace(/\u0300+$/, ''));
  const terms: Term[] = [...new Set(found.slice(0, -1))].filter((word) => word !== last).map((word) => ({ word, prefix: false }));
  const signs = IS_UNSPACED.test(last) ? [...last].length : 0;
  terms.push({ word: last, prefix: (unfinished && signs !== 2) || signs === 1 });
  const only = terms[0];
  const letter = terms.length === 1 && only && [...only.word].length === 1 && only.prefix && !signs ? only.word : '';
  return { terms, isbn, letter };
}

/** A word and its other number, by the spelling rules of English: nothing is looked up. */
export function forms(word: string): string[] {
  if (word.length < TYPO_LETTERS || !/^[a-z]+$/.test(word)) return [word];
  if (word.endsWith('ies')) return [word, `${word.slice(0, -3)}y`];
  if (/(ses|xes|zes|ches|shes)$/.test(word)) return [word, word.slice(0, -2)];
  if (/[^suai]s$/.test(word)) return [word, word.slice(0, -1)];
  if (/(s|x|z|ch|sh)$/.test(word)) return [word, `${word}es`];
  if (/[^aeiou]y$/.test(word)) return [word, `${word.slice(0, -1)}ies`];
  return [word, `${word}s`];
}

/** The full-text question. `expanded`: the vocabulary's words for the unfinished last one, else empty. */
export function expression(asked: Plan, expanded: readonly string[]): string {
  return asked.terms
    .map((term) => {
      if (term.prefix && !expanded.length) return `"${term.word}"*`;
      const choices = [...new Set(term.prefix ? [...expanded, ...forms(term.word)] : forms(term.word))];
      const any = choices.map((word) => `"${word}"`).join(' OR ');
      return choices.length > 1 ? `(${any})` : any;
    })
    .join(' AND ');
}

/** Whether the vocabulary must say which words begin so. */
export function wantsExpanding(term: Term): boolean {
  const letters = [...term.word].length;
  return term.prefix && !(letters > 1 && letters <= PREFIX_LETTERS) && !IS_UNSPACED.test(term.word);
}

/** The first text that no longer begins with `prefix`. */
export function after(prefix: string): string {
  const signs = [...prefix];
  const last = signs.pop() ?? '';
  return signs.join('') + String.fromCodePoint((last.codePointAt(0) ?? 0) + 1);
}

/** Every text one slip away from a word: a letter missing, doubled, wrong, or two swapped. */
export function near(word: string): string[] {
  if (word.length < TYPO_LETTERS || !/^[a-z0-9]+$/.test(word)) return [];
  const found = new Set<string>();
  for (let i = 0; i <= word.length; i += 1) {
    const head = word.slice(0, i);
    const tail = word.slice(i);
    if (tail) found.add(head + tail.slice(1));
    if (tail.length > 1) found.add(head + tail.charAt(1) + tail.charAt(0) + tail.slice(2));
    for (const letter of 'abcdefghijklmnopqrstuvwxyz0123456789') {
      if (tail) found.add(head + letter + tail.slice(1));
      found.add(head + letter + tail);
    }
  }
  found.delete(word);
  return [...found];
}

/** How near a match is to being the very thing, 0 the nearest. */
export function rank(typed: readonly string[], title: string, author: string): number {
  const asked = typed.join(' ');
  const inTitle = words(title);
  const whole = inTitle.join(' ');
  if (whole === asked) return 0;
  if (whole.startsWith(`${asked} `)) return 1;
  const names = words(author);
  const stands = (place: number, among: string[]): boolean => {
    const word = typed[place] ?? '';
    return among.some((each) => each === word || (place === typed.length - 1 && each.startsWith(word)));
  };
  const titled = typed.map((_, place) => stands(place, inTitle));
  if (typed.every((_, place) => titled[place] || stands(place, names))) return titled.some(Boolean) ? 2 : 3;
  return 4;
}
