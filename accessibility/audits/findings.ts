/** What an audit says: one finding, and the results folded for the conformance report (EARL, JSON-LD). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Finding {
  /** axe's rule or the name of a check of our own. */
  rule: string;
  /** WCAG 2.2 success criteria: "1.4.3". Empty for best practice. */
  criteria: string[];
  what: string;
  /** A selector, or words that lead to the place. */
  where: string;
  html: string;
  more: string;
}

/** One view in one state, as it was looked at. */
export interface Subject {
  view: string;
  state: string;
  theme: string;
  width_px: number;
  browser: string;
}

export interface Looked {
  subject: Subject;
  by: string;
  /** How many rules or checks were run. */
  rules: number;
  findings: Finding[];
  undecided: Record<string, number>;
}

export function told(looked: Looked): string[] {
  const { view, state, theme, width_px } = looked.subject;
  return looked.findings.map(
    (finding) => `${view} · ${state} · ${theme} · ${width_px} px: ${finding.rule}: ${finding.what} at ${finding.where} ${finding.more}\n      ${finding.html}`,
  );
}

/** Writes every result as EARL, one assertion for each thing looked at and each finding. */
export function writeEarl(path: string, results: Looked[], at: Date): void {
  const assertions = results.flatMap((looked): object[] => {
    const about = {
      '@type': 'Assertion',
      assertedBy: looked.by,
      mode: 'automatic',
      subject: looked.subject,
    };
    if (looked.findings.length === 0) {
      return [{ ...about, result: { outcome: 'passed', rules: looked.rules, cantTell: looked.undecided } }];
    }
    return looked.findings.map((finding) => ({
      ...about,
      test: finding.criteria.length > 0 ? finding.criteria.map((criterion) => `WCAG22:${criterion}`) : [finding.rule],
      result: { outcome: 'failed', rule: finding.rule, info: finding.what, pointer: finding.where },
    }));
  });
  mkdirSync(dirname(path), { recursive: true });
  const document = { '@context': 'http://www.w3.org/ns/earl#', date: at.toISOString(), '@graph': assertions };
  writeFileSync(path, `${JSON.stringify(document, null, 1)}\n`);
}
