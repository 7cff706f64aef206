/** Every sentence that a reader sees is in pwa/words, and none of them has a word that blames, begs or hides. */
import { readdirSync, readFileSync } from 'node:fs';
import { parseAst } from 'vite';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const PWA = new URL('pwa/', ROOT);
const FILES = readdirSync(PWA, { recursive: true, encoding: 'utf8' }).filter((each) => /\.tsx?$/.test(each) && !/\.config\.ts$/.test(each)).sort();
const WORDS = FILES.filter((each) => each.startsWith('words/'));
const OTHERS = FILES.filter((each) => !each.startsWith('words/'));
/** Read before there is a script to look words up: they cannot be in pwa/words. */
const STATIC = ['index.html', 'public/manifest.webmanifest'];

/** Never said to a reader. */
const FORBIDDEN = /\b(please|sorry|oops|invalid|error|errors|synced|sync|user|users)\b/i;
/** Attributes that are read out or shown. */
const SPOKEN = ['aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext', 'title', 'alt', 'placeholder', 'label', 'content'];
const LETTER = /\p{L}/u;
/** A capital, more than one word, and the shape of one that is meant for people. */
const SENTENCE = /^\p{Lu}[\p{L}’']*,? .*\p{L}/u;

interface Node {
  type: string;
  start: number;
  [key: string]: unknown;
}

function* nodes(value: unknown, parents: readonly Node[] = []): Generator<[Node, readonly Node[]]> {
  if (Array.isArray(value)) for (const each of value) yield* nodes(each, parents);
  else if (value && typeof value === 'object' && 'type' in value) {
    const node = value as Node;
    yield [node, parents];
    for (const [key, each] of Object.entries(node)) if (typeof each === 'object') yield* nodes(each, [...parents, { ...node, via: key }]);
  }
}

/** The text that a literal of any kind has; '' for everything else. */
function textOf(node: Node): string {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : '';
  if (node.type === 'JSXText') return String(node['value']).trim();
  if (node.type === 'TemplateLiteral') return (node['quasis'] as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('…');
  return '';
}

/** What only the code reads: names of attributes that are not spoken, addresses, selectors, arguments of functions. */
function isShown(parents: readonly Node[]): boolean {
  const around = parents.toReversed();
  const attribute = around.find((each) => each.type === 'JSXAttribute');
  const inner = around.findIndex((each) => ['JSXAttribute', 'JSXSpreadAttribute', 'JSXExpressionContainer', 'JSXElement', 'JSXFragment'].includes(each.type));
  if (inner === -1) return false;
  const between = around.slice(0, inner);
  if (between.some((each) => /Function|^CallExpression$|^MemberExpression$|^BinaryExpression$|^NewExpression$/.test(each.type))) return false;
  if (around[inner]?.type === 'JSXSpreadAttribute') {
    const property = between.findLast((each) => each.type === 'Property');
    const key = property?.['key'] as { name?: string; value?: string } | undefined;
    return property?.['via'] === 'value' && SPOKEN.includes(key?.name ?? key?.value ?? '');
  }
  if (attribute && around.indexOf(attribute) <= inner + 1) return SPOKEN.includes(String((attribute['name'] as { name: string }).name));
  return true;
}

/** What staff and those who run a library call that page, here and in the documents. */
const FOR_STAFF = 'Sync health';

function* outside(file: string): Generator<string> {
  const source = readFileSync(new URL(file, PWA), 'utf8');
  for (const [node, parents] of nodes(parseAst(source, { lang: file.endsWith('x') ? 'tsx' : 'ts' }))) {
    const text = textOf(node);
    if (!LETTER.test(text)) continue;
    const line = source.slice(0, node.start).split('\n').length;
    if (isShown(parents)) yield `${file}:${line}: “${text}” is shown`;
    else if (SENTENCE.test(text)) yield `${file}:${line}: “${text}” looks like a sentence`;
  }
}

test.each(OTHERS)('%s has no sentence of its own', (file) => {
  expect([...outside(file)]).toEqual([]);
});

describe('the words', () => {
  test.each(WORDS)('of %s neither blame, beg nor hide', (file) => {
    const source = readFileSync(new URL(file, PWA), 'utf8');
    const found = [...nodes(parseAst(source, { lang: 'ts' }))].map(([node]) => textOf(node)).filter((text) => (/\s/.test(text) || /^\p{Lu}/u.test(text)) && FORBIDDEN.test(text.replace(FOR_STAFF, '')));
    expect(found).toEqual([]);
  });

  test.each(STATIC)('of %s do not either', (file) => {
    const text = readFileSync(new URL(file, PWA), 'utf8');
    expect(text.match(FORBIDDEN)).toBeNull();
  });
});

test('the check sees what it is for', () => {
  const seen = (code: string): string[] => [...nodes(parseAst(code, { lang: 'tsx' }))].filter(([node, parents]) => LETTER.test(textOf(node)) && isShown(parents)).map(([node]) => textOf(node));
  expect(seen('<p class="a">Hello</p>')).toEqual(['Hello']);
  expect(seen('<p aria-label="Hello" id="x" />')).toEqual(['Hello']);
  expect(seen('<p aria-label={`Hello ${a}`} />')).toEqual(['Hello …']);
  expect(seen('<p>{a ? "yes" : "no"}</p>')).toEqual(['yes', 'no']);
  expect(seen('<p class={a ? "yes" : "no"}>{list.map((each) => <b>{each.join(", or ")}</b>)}</p>')).toEqual([]);
  expect(seen('<p {...{ "aria-label": "Hello", id: "x" }} />')).toEqual(['Hello']);
  expect(seen('<p>{list.map((each) => <b>Each</b>)}</p>')).toEqual(['Each']);
  expect(SENTENCE.test('Go online, then try again.')).toBe(true);
  expect(SENTENCE.test('expected a page, got none')).toBe(false);
});
