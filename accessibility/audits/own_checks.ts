/**
 * What no engine sees, checked by us: one h1 and a title that names it, nothing wider than the window (also
 * with text at 200 %), targets of 44 px, a focus that can be seen and is not covered, the order of the tab
 * key, ids that are unique, and no style attribute that the content security policy would refuse.
 */
import type { Tab } from '../../tests/journeys/browser.ts';
import type { Finding } from './findings.ts';

/** Checks of the page as it stands; quick, so they run in every state. */
export const STANDING = 6;

export async function standing(tab: Tab): Promise<Finding[]> {
  return tab.read(() => {
    const findings: Finding[] = [];
    interface Finding {
      rule: string;
      criteria: string[];
      what: string;
      where: string;
      html: string;
      more: string;
    }
    const add = (rule: string, criteria: string[], what: string, element: Element | null, more = ''): void => {
      const id = element?.id ? `#${element.id}` : '';
      const where = element ? `${element.tagName.toLowerCase()}${id}.${element.getAttribute('class') ?? ''}` : 'document';
      findings.push({ rule, criteria, what, where, html: element?.outerHTML.slice(0, 200) ?? '', more });
    };
    const seen = (element: Element): boolean => {
      if (element.closest('[hidden],[inert]')) return false;
      const style = getComputedStyle(element);
      return style.visibility !== 'hidden' && element.getClientRects().length > 0;
    };

    const headings = [...document.querySelectorAll('h1')].filter(seen);
    if (headings.length !== 1) add('one-h1', ['1.3.1', '2.4.6'], `one h1 was expected, ${headings.length} came`, headings[1] ?? null);
    const heading = headings[0]?.textContent?.replace(/\s+/g, ' ').trim() ?? '';
    if (heading === '') add('named-h1', ['2.4.6'], 'the h1 has no words', headings[0] ?? null);
    if (document.title.trim() === '' || document.title === 'Carrel') add('title', ['2.4.2'], 'the title does not name the view', null, document.title);

    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > room) {
      const wide = [...document.body.querySelectorAll('*')].filter((e) => seen(e) && e.getBoundingClientRect().right > room + 1).at(-1) ?? null;
      add('no-sideways', ['1.4.10'], `${document.documentElement.scrollWidth} px wide in ${room} px`, wide);
    }

    const ids = new Map<string, number>();
    for (const element of document.querySelectorAll('[id]')) ids.set(element.id, (ids.get(element.id) ?? 0) + 1);
    for (const [id, times] of ids) if (times > 1) add('unique-ids', ['4.1.2'], `the id "${id}" stands ${times} times`, document.getElementById(id));

    for (const element of document.querySelectorAll('[style]')) add('no-style-attribute', [], 'a style attribute', element);

    const targets = document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex="0"]');
    for (const element of targets) {
      if (!seen(element)) continue;
      const style = getComputedStyle(element);
      // WCAG 2.5.5 leaves out a link within a sentence, whose height is the line's
      const sentence = style.display === 'inline' && element.closest('p,li,dd,td,th,caption,figcaption');
      if (element.tagName === 'A' && sentence && sentence.textContent?.trim() !== element.textContent?.trim()) continue;
      let box = element.getBoundingClientRect();
      // a skip link has its size when it has the focus, which the walk with the tab key checks
      if (box.bottom <= 0 || box.width <= 1 || box.height <= 1) {
        const label = (element as HTMLInputElement).labels?.[0];
        if (!label) continue;
        box = label.getBoundingClientRect();
      }
      let width = box.width;
      let height = box.height;
      for (const label of (element as HTMLInputElement).labels ?? []) {
        if (!['checkbox', 'radio'].includes((element as HTMLInputElement).type)) continue;
        const around = label.getBoundingClientRect();
        width = Math.max(width, around.width);
        height = Math.max(height, around.height);
      }
      if (width < 43.5 || height < 43.5) {
        add('target-44', ['2.5.5'], `a target of ${Math.round(width)} × ${Math.round(height)} px`, element);
      }
    }
    return findings;
  }, null);
}

/** The same page with its text at 200 %: still nothing wider than the window, and no text cut off. */
export async function enlarged(tab: Tab): Promise<Finding[]> {
  await tab.read(() => {
    document.documentElement.style.setProperty('font-size', '200%', 'important');
  }, null);
  await tab.read(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(null)))), null);
  const findings = await tab.read(() => {
    const room = document.documentElement.clientWidth;
    const out: { what: string; where: string; html: string }[] = [];
    if (document.documentElement.scrollWidth > room) {
      const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getClientRects().length > 0 && e.getBoundingClientRect().right > room + 1).at(-1);
      out.push({
        what: `text at 200 %: ${document.documentElement.scrollWidth} px wide in ${room} px`,
        where: wide ? `${wide.tagName.toLowerCase()}.${wide.getAttribute('class') ?? ''}` : 'document',
        html: wide?.outerHTML.slice(0, 200) ?? '',
      });
    }
    return out;
  }, null);
  await tab.read(() => {
    document.documentElement.style.removeProperty('font-size');
    if (document.documentElement.getAttribute('style') === '') document.documentElement.removeAttribute('style');
  }, null);
  return findings.map((finding) => ({ rule: 'text-200', criteria: ['1.4.4', '1.4.10'], more: '', ...finding }));
}

/** Goes through the whole page with the tab key: order, visible focus, nothing over it, no trap. */
export async function walked(tab: Tab, most = 150): Promise<Finding[]> {
  const findings: Finding[] = [];
  await tab.read(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    getSelection()?.removeAllRanges();
    scrollTo(0, 0);
    const list = [...document.querySelectorAll('a[href],button:not([disabled]),input:not([disabled]):not([type=hidden]),select,textarea,summary,[tabindex]')];
    (window as unknown as { stops: Element[] }).stops = list;
    document.body.setAttribute('tabindex', '-1');
    document.body.focus();
    document.body.removeAttribute('tabindex');
  }, null);
  let last = -1;
  let reached = 0;
  for (let step = 0; step < most; step += 1) {
    await tab.press('Tab');
    const at = await tab.read((before) => {
      const element = document.activeElement;
      if (!element || element === document.body || element === document.documentElement) return null;
      const place = (window as unknown as { stops: Element[] }).stops.indexOf(element);
      const style = getComputedStyle(element);
      const label = (element as HTMLInputElement).labels?.[0];
      const drawn = [style, ...(label ? [getComputedStyle(label)] : [])].some(
        (s) => (s.outlineStyle !== 'none' && Number.parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== 'none',
      );
      const box = element.getBoundingClientRect();
      const x = Math.min(Math.max(box.left + Math.min(box.width, 40) / 2, 0), innerWidth - 1);
      const y = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
      const over = document.elementFromPoint(x, y);
      const covered = over !== null && !element.contains(over) && !over.contains(element) && !label?.contains(over);
      const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      return {
        place,
        drawn,
        covered,
        inside,
        small: box.width < 43.5 || box.height < 43.5 ? `${Math.round(box.width)} × ${Math.round(box.height)}` : '',
        skip: element.getAttribute('href')?.startsWith('#') ?? false,
        back: place >= 0 && place < before,
        positive: (element as HTMLElement).tabIndex > 0,
        over: covered ? (over?.outerHTML.slice(0, 80) ?? '') : '',
        where: `${element.tagName.toLowerCase()} “${(element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 60)}”`,
        html: element.outerHTML.slice(0, 200),
      };
    }, last);
    if (at === null) break; // past the last one: the browser's own bar comes next
    if (at.back && reached > 0 && at.place <= 0) break; // round again
    reached += 1;
    const add = (rule: string, criteria: string[], what: string, more = ''): void => {
      findings.push({ rule, criteria, what, where: at.where, html: at.html, more });
    };
    if (!at.drawn) add('focus-visible', ['2.4.7', '2.4.13'], 'the focus cannot be seen');
    if (!at.inside) add('focus-in-view', ['2.4.11'], 'the focused element is outside the window');
    else if (at.covered) add('focus-not-covered', ['2.4.11', '2.4.12'], 'something lies over the focused element', at.over);
    if (at.positive) add('tab-order', ['2.4.3'], 'a tabindex above 0');
    if (at.back) add('tab-order', ['2.4.3'], 'the tab key went backwards in the document');
    if (at.skip && at.small) add('target-44', ['2.5.5'], `a target of ${at.small} px`);
    last = at.place;
  }
  if (reached === 0) findings.push({ rule: 'tab-order', criteria: ['2.1.1'], what: 'the tab key reaches nothing', where: 'document', html: '', more: '' });
  if (reached >= most) findings.push({ rule: 'no-trap', criteria: ['2.1.2'], what: `${most} presses of the tab key do not pass through the page`, where: 'document', html: '', more: '' });
  return findings;
}
export const WALKED = 5;
