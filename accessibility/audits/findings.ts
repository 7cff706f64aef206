/** What an audit says: what it looked at, what it found, and both as EARL for the conformance report. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Finding {
  /** axe's rule or the name of a check of our own. */
  rule: string;
  /** WCAG 2.2 success criteria: "1.4.3". Empty for best practice. */
  criteria: readonly string[];
  what: string;
  /** A selector, or words that lead to the place. */
  where: string;
  html: string;
  more: string;
}

/** What one program made of one page. */
export interface Seen {
  findings: Finding[];
  /** Criteria for which there was something to look at and nothing to find. */
  passed: string[];
  /** What the program could not decide, with how many elements; it needs eyes. */
  undecided: Record<string, number>;
  /** Criteria among them. */
  cantTell: string[];
}

/** One view in one state, as it was looked at. */
export interface Subject {
  view: string;
  state: string;
  theme: string;
  width_px: number;
  browser: string;
}

export interface Looked extends Seen {
  subject: Subject;
  by: string;
}

export function told(looked: Looked): string[] {
  const { view, state, theme, width_px } = looked.subject;
  return looked.findings.map(
    (finding) => `${view} · ${state} · ${theme} · ${width_px} px: ${finding.rule}: ${finding.what} at ${finding.where} ${finding.more}\n      ${finding.html}`,
  );
}

/**
 * Writes every result as EARL: for each look one assertion of what passed, one of what could not be told, and
 * one for each finding. `test` lists success criteria.
 */
export function writeEarl(path: string, results: Looked[], at: Date): void {
  const tests = (criteria: readonly string[]): string[] => [...new Set(criteria)].sort().map((criterion) => `WCAG22:${criterion}`);
  const assertions = results.flatMap((looked): object[] => {
    const about = { '@type': 'Assertion', assertedBy: looked.by, mode: 'automatic', subject: looked.subject };
    const failed = new Set(looked.findings.flatMap((finding) => finding.criteria));
    const without = (criteria: string[]): string[] => tests(criteria.filter((criterion) => !failed.has(criterion)));
    return [
      { ...about, test: without(looked.passed), result: { outcome: 'passed' } },
      ...(looked.cantTell.length > 0 ? [{ ...about, test: without(looked.cantTell), result: { outcome: 'cantTell', undecided: looked.undecided } }] : []),
      ...looked.findings.map((finding) => ({
        ...about,
        test: tests(finding.criteria),
        result: { outcome: 'failed', rule: finding.rule, info: finding.what, pointer: finding.where },
      })),
    ];
  });
  mkdirSync(dirname(path), { recursive: true });
  const head = { '@context': 'http://www.w3.org/ns/earl#', date: at.toISOString() };
  // One assertion a line: thousands of them stay readable, and short.
  writeFileSync(path, `${JSON.stringify(head).slice(0, -1)},"@graph":[\n${assertions.map((each) => JSON.stringify(each)).join(',\n')}\n]}\n`);
}
