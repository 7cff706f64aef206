/**
 * axe-core over the page as it stands, with every rule it has: best practice, AAA and experimental too.
 * A rule that is left out is named here with its reason, and a test counts them.
 */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Tab } from '../../tests/journeys/browser.ts';
import type { Seen } from './findings.ts';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Rules not run, each with its reason. */
export const LEFT_OUT: Record<string, string> = {};

/** What every rule finds in the whole document. */
export async function axe(tab: Tab): Promise<Seen> {
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
    interface Engine {
      getRules(): { ruleId: string }[];
      run(root: Document, options: object): Promise<Record<'violations' | 'incomplete' | 'passes', Result[]>>;
    }
    // In forced colours Chromium tells the text's fill as it was before they were forced, and axe would compare
    // that with the forced background (dequelabs/axe-core issue 3978); what is drawn is the colour itself.
    const style = CSSStyleDeclaration.prototype;
    const told = style.getPropertyValue;
    if (matchMedia('(forced-colors: active)').matches) {
      style.getPropertyValue = function (name) {
        return told.call(this, name === '-webkit-text-fill-color' ? 'color' : name);
      };
    }
    const engine = (window as unknown as { axe: Engine }).axe;
    const rules = engine.getRules().map((rule) => rule.ruleId).filter((id) => !leftOut.includes(id));
    const results = await engine
      .run(document, { runOnly: { type: 'rule', values: rules }, resultTypes: ['violations', 'incomplete'] })
      .finally(() => (style.getPropertyValue = told));
    const criteria = (rule: Result): string[] => rule.tags.filter((tag) => /^wcag\d{3,}$/.test(tag)).map((tag) => `${tag[4]}.${tag[5]}.${tag.slice(6)}`);
    return {
      findings: results.violations.flatMap((rule) =>
        rule.nodes.map((node) => ({
          rule: rule.id,
          criteria: criteria(rule),
          what: rule.help,
          where: node.target.flat().join(' '),
          html: node.html.slice(0, 200),
          more: (node.failureSummary ?? '').split('\n').slice(1, 3).join(' ').trim(),
        })),
      ),
      passed: results.passes.flatMap(criteria),
      undecided: Object.fromEntries(results.incomplete.map((rule) => [rule.id, rule.nodes.length])),
      cantTell: results.incomplete.flatMap(criteria),
    };
  }, Object.keys(LEFT_OUT));
}
