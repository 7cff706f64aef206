/**
 * axe-core over the page as it stands, with every rule it has: best practice, AAA and experimental too.
 * A rule that is left out is named here with its reason, and a test counts them.
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Tab } from '../../tests/journeys/browser.ts';
import type { Finding } from './findings.ts';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Rules not run, each with its reason. */
export const LEFT_OUT: Record<string, string> = {};

interface Told {
  findings: Finding[];
  /** Rules that axe could not decide, with how many elements; they need eyes. */
  undecided: Record<string, number>;
  /** Rules that were run. */
  rules: number;
}

/** What every rule finds in the whole document. */
export async function axe(tab: Tab): Promise<Told> {
  const known = await tab.read(() => 'axe' in window, null);
  if (!known) await tab.chromium().evaluate(SOURCE);
  return tab.read(async (leftOut) => {
    interface Node {
      target: unknown[];
      html: string;
      failureSummary?: string;
    }
    interface Result {
      id: string;
      help: string;
      tags: string[];
      nodes: Node[];
    }
    const engine = (window as unknown as { axe: { getRules(): { ruleId: string }[]; run(root: Document, options: object): Promise<{ violations: Result[]; incomplete: Result[] }> } }).axe;
    const rules = engine.getRules().map((rule) => rule.ruleId).filter((id) => !leftOut.includes(id));
    const told = await engine.run(document, {
      runOnly: { type: 'rule', values: rules },
      resultTypes: ['violations', 'incomplete'],
    });
    const findings = told.violations.flatMap((rule) =>
      rule.nodes.map((node) => ({
        rule: rule.id,
        criteria: rule.tags.filter((tag) => /^wcag\d{3,}$/.test(tag)).map((tag) => `${tag[4]}.${tag[5]}.${tag.slice(6)}`),
        what: rule.help,
        where: node.target.flat().join(' '),
        html: node.html.slice(0, 200),
        more: (node.failureSummary ?? '').split('\n').slice(1, 3).join(' ').trim(),
      })),
    );
    const undecided = Object.fromEntries(told.incomplete.map((rule) => [rule.id, rule.nodes.length]));
    return { findings, undecided, rules: rules.length };
  }, Object.keys(LEFT_OUT));
}
