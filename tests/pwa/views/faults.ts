/** What no page may have, whatever it shows: named one by one, so that a test says what it found. */
import { screen } from '@testing-library/dom';
import { read } from './page.ts';

/** A name that is read out in one go has an end; characters. */
const LONGEST_NAME = 120;
/** What stands on a page when a value was forgotten. */
const FORGOTTEN = /undefined|\bnull\b|\bNaN\b|\[object|Invalid Date/;

function named(element: Element): string {
  return element.getAttribute('aria-label') ?? read(element);
}

function* headings(): Generator<string> {
  let before = 1;
  for (const heading of document.querySelectorAll('main :is(h1, h2, h3, h4, h5, h6)')) {
    const level = Number(heading.tagName.slice(1));
    if (level > before + 1) yield `heading “${read(heading)}” of level ${level} after one of level ${before}`;
    if (!read(heading)) yield `heading of level ${level} without words`;
    before = level;
  }
}

function* names(): Generator<string> {
  const buttons = screen.queryAllByRole('button').map(named);
  for (const name of new Set(buttons.filter((each, i) => buttons.indexOf(each) !== i))) yield `two buttons named “${name}”`;
  const led = new Map<string, string>();
  for (const link of document.querySelectorAll('main a[href]')) {
    const to = link.getAttribute('href') ?? '';
    if ((led.get(named(link)) ?? to) !== to) yield `two links named “${named(link)}” to ${led.get(named(link))} and ${to}`;
    led.set(named(link), to);
  }
  for (const each of document.querySelectorAll('a[href], button, nav, section[aria-label], [role="region"]')) {
    const name = each.getAttribute('aria-labelledby') ? 'another’s' : each.matches('nav, section') ? (each.getAttribute('aria-label') ?? '') : named(each);
    if (!name) yield `${each.tagName.toLowerCase()} without a name`;
    if (name.length > LONGEST_NAME) yield `name of ${name.length} characters: “${name}”`;
  }
  for (const field of document.querySelectorAll<HTMLInputElement>('input, select, textarea')) {
    if (!field.labels?.length) yield `field ${field.name} without a label`;
  }
}

function* references(): Generator<string> {
  const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
  for (const id of new Set(ids.filter((each, i) => ids.indexOf(each) !== i))) yield `two things with the id ${id}`;
  for (const kind of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const each of document.querySelectorAll(`[${kind}]`)) {
      for (const id of (each.getAttribute(kind) ?? '').split(' ')) if (!ids.includes(id)) yield `${kind} of ${id}, which is not there`;
    }
  }
}

/** Everything on the page that no page may have. */
export function faults(): string[] {
  const forgotten = FORGOTTEN.exec(read(document.body));
  return [...headings(), ...names(), ...references(), ...(forgotten ? [`“${forgotten[0]}” among the words`] : [])];
}
