/** What no engine sees, checked by us. Each check is named in `CHECKS` with the success criteria it can fail. */
import type { Tab } from '../../tests/journeys/browser.ts';
import type { Finding, Seen } from './findings.ts';

/** WCAG 2.2 success criteria by check; those of level AAA too. */
export const CHECKS = {
  'one-h1': ['1.3.1', '2.4.6'],
  'named-h1': ['2.4.6'],
  title: ['2.4.2'],
  'no-sideways': ['1.4.10'],
  'unique-ids': ['4.1.2'],
  'no-style-attribute': [],
  'target-24': ['2.5.8'],
  'target-44': ['2.5.5'],
  'in-order': ['1.3.2'],
  'errors-named': ['3.3.1'],
  'pictures-named': ['1.1.1'],
  'links-marked': ['1.4.1'],
  'edge-contrast': ['1.4.11'],
  'text-200': ['1.4.4', '1.4.10'],
  'text-spacing': ['1.4.12'],
  'tab-order': ['2.1.1', '2.4.3'],
  'no-trap': ['2.1.2'],
  'focus-visible': ['2.4.7'],
  'focus-contrast': ['1.4.11', '2.4.13'],
  'focus-in-view': ['2.4.11'],
  'focus-not-covered': ['2.4.11', '2.4.12'],
  'focus-changes-nothing': ['3.2.1'],
  'choice-changes-nothing': ['3.2.2'],
  'same-places': ['3.2.3', '3.2.4'],
  'help-in-place': ['3.2.6'],
  'two-ways': ['2.4.5'],
} as const;
export type Check = keyof typeof CHECKS;

/** A finding before its criteria are looked up. */
interface Fault {
  rule: Check;
  what: string;
  where: string;
  html: string;
  more?: string;
}

/** What these checks make of a page on which they found these faults. */
export function seen(checks: readonly Check[], faults: readonly Fault[]): Seen {
  const findings = faults.map((fault): Finding => ({ more: '', ...fault, criteria: CHECKS[fault.rule] }));
  return { findings, passed: checks.flatMap((check) => [...CHECKS[check]]), undecided: {}, cantTell: [] };
}

/** The page as it stands; quick, so it runs in every state and width. */
export async function standing(tab: Tab): Promise<Seen> {
  const told = await tab.read((): { faults: Fault[]; met: ('errors-named' | 'pictures-named' | 'links-marked')[] } => {
    interface Fault {
      rule: 'one-h1' | 'named-h1' | 'title' | 'no-sideways' | 'unique-ids' | 'no-style-attribute' | 'target-24' | 'target-44' | 'in-order' | 'errors-named' | 'pictures-named' | 'links-marked';
      what: string;
      where: string;
      html: string;
      more?: string;
    }
    const faults: Fault[] = [];
    const add = (rule: Fault['rule'], what: string, element: Element | null, more = ''): void => {
      const id = element?.id ? `#${element.id}` : '';
      const where = element ? `${element.tagName.toLowerCase()}${id}.${element.getAttribute('class') ?? ''}` : 'document';
      faults.push({ rule, what, where, html: element?.outerHTML.slice(0, 200) ?? '', more });
    };
    const shown = (element: Element): boolean => {
      if (element.closest('[hidden],[inert]')) return false;
      const style = getComputedStyle(element);
      return style.visibility !== 'hidden' && element.getClientRects().length > 0;
    };

    const headings = [...document.querySelectorAll('h1')].filter(shown);
    if (headings.length !== 1) add('one-h1', `one h1 was expected, ${headings.length} came`, headings[1] ?? null);
    const heading = headings[0]?.textContent?.replace(/\s+/g, ' ').trim() ?? '';
    if (heading === '') add('named-h1', 'the h1 has no words', headings[0] ?? null);
    if (document.title.trim() === '' || document.title === 'Carrel') add('title', 'the title does not name the view', null, document.title);

    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > room) {
      const wide = [...document.body.querySelectorAll('*')].filter((e) => shown(e) && e.getBoundingClientRect().right > room + 1).at(-1) ?? null;
      add('no-sideways', `${document.documentElement.scrollWidth} px wide in ${room} px`, wide);
    }

    const ids = new Map<string, number>();
    for (const element of document.querySelectorAll('[id]')) ids.set(element.id, (ids.get(element.id) ?? 0) + 1);
    for (const [id, times] of ids) if (times > 1) add('unique-ids', `the id "${id}" stands ${times} times`, document.getElementById(id));

    for (const element of document.querySelectorAll('[style]')) add('no-style-attribute', 'a style attribute', element);

    const targets = document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex="0"]');
    for (const element of targets) {
      if (!shown(element)) continue;
      const style = getComputedStyle(element);
      // WCAG 2.5.5 and 2.5.8 leave out a link within a sentence, whose height is the line's
      const sentence = style.display === 'inline' && element.closest('p,li,dd,td,th,caption,figcaption');
      if (element.tagName === 'A' && sentence && sentence.textContent?.trim() !== element.textContent?.trim()) continue;
      let box = element.getBoundingClientRect();
      // a skip link has its size when it has the focus, which the walk with the tab key checks
      if (box.bottom + scrollY <= 0 || box.width <= 1 || box.height <= 1) {
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
      const size = `a target of ${Math.round(width)} × ${Math.round(height)} px`;
      if (width < 24 || height < 24) add('target-24', size, element);
      if (width < 43.5 || height < 43.5) add('target-44', size, element);
    }

    // In one column what comes later in the document stands lower on the page.
    if (room <= 400) {
      const blocks = [...document.querySelectorAll('main :is(h1,h2,h3,h4,p,dt,dd,button,label,caption,a.btn)')].filter(shown);
      let before: Element | null = null;
      for (const block of blocks) {
        const [above, here] = [before?.getBoundingClientRect(), block.getBoundingClientRect()];
        if (above && here.height > 1 && here.bottom <= above.top) add('in-order', 'stands above what comes before it', block, before?.textContent?.slice(0, 60));
        if (here.height > 1) before = block;
      }
    }

    for (const picture of document.querySelectorAll('svg,img,canvas')) {
      const named = picture.getAttribute('aria-label') || picture.getAttribute('alt') || picture.querySelector('title');
      if (shown(picture) && !picture.closest('[aria-hidden="true"]') && !named) add('pictures-named', 'neither a name nor marked as decoration', picture);
    }
    const links = [...document.querySelectorAll('main p a:not(.btn)')].filter(shown);
    for (const link of links) if (!getComputedStyle(link).textDecorationLine.includes('underline')) add('links-marked', 'a link among words that only its colour marks', link);

    for (const field of document.querySelectorAll('[aria-describedby]')) {
      for (const id of field.getAttribute('aria-describedby')?.split(/\s+/) ?? []) {
        if (!document.getElementById(id)?.textContent?.trim()) add('errors-named', `what "${id}" should say is not there`, field);
      }
    }
    for (const list of document.querySelectorAll('.error-list')) {
      if (!list.contains(document.activeElement)) add('errors-named', 'the focus is not on what went wrong', list);
    }
    for (const error of document.querySelectorAll('.field-error')) {
      if (error.getAttribute('role') !== 'alert' && !document.querySelector(`[aria-describedby~="${error.id}"]`)) add('errors-named', 'an error that nobody is told of', error);
    }
    return {
      faults,
      met: [
        ...(document.querySelector('.error-list,.field-error') ? ['errors-named' as const] : []),
        ...(document.querySelector('svg,img,canvas') ? ['pictures-named' as const] : []),
        ...(links.length > 0 ? ['links-marked' as const] : []),
      ],
    };
  }, null);
  const always: Check[] = ['one-h1', 'named-h1', 'title', 'no-sideways', 'unique-ids', 'no-style-attribute', 'target-24', 'target-44', 'in-order'];
  return seen([...always, ...told.met], told.faults);
}

/** In the theme that the page wears: fields and buttons are seen as such, by an edge or a face of 3:1. */
export async function edges(tab: Tab): Promise<Seen> {
  const faults = await tab.read(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour: string): number[] => {
      if (!canvas) throw new Error('expected a canvas, got none');
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r = 0, g = 0, b = 0]: number[]): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const contrast = (one: number[], other: number[]): number => {
      const [dark = 0, bright = 0] = [light(one), light(other)].sort((a, b) => a - b);
      return (bright + 0.05) / (dark + 0.05);
    };
    const ground = (element: Element | null): number[] => {
      for (let at = element; at; at = at.parentElement) {
        const colour = rgba(getComputedStyle(at).backgroundColor);
        if ((colour[3] ?? 0) > 250) return colour;
      }
      return rgba('Canvas');
    };
    const faults: { rule: 'edge-contrast'; what: string; where: string; html: string }[] = [];
    for (const element of document.querySelectorAll('button,.btn,select,textarea,input:not([type=hidden],[type=radio],[type=checkbox])')) {
      const style = getComputedStyle(element);
      // a button that looks like a link is known by its line
      if (element.getClientRects().length === 0 || (style.textDecorationLine.includes('underline') && element.tagName === 'BUTTON')) continue;
      const outside = ground(element.parentElement);
      const drawn = Number.parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== 'none';
      const best = Math.max(drawn ? contrast(rgba(style.borderTopColor), outside) : 1, contrast(ground(element), outside));
      if (best < 3) faults.push({ rule: 'edge-contrast', what: `an edge of ${best.toFixed(2)}:1`, where: `${element.tagName.toLowerCase()}.${element.className}`, html: element.outerHTML.slice(0, 200) });
    }
    return faults;
  }, null);
  return seen(['edge-contrast'], faults);
}

/** With text at 200 %, then with the spacing of WCAG 1.4.12: nothing wider than the window, no text cut off. */
export async function enlarged(tab: Tab): Promise<Seen> {
  const faults = await tab.read(async () => {
    const faults: { rule: 'text-200' | 'text-spacing'; what: string; where: string; html: string }[] = [];
    const drawn = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const look = (rule: 'text-200' | 'text-spacing'): void => {
      const add = (what: string, element: Element | undefined): void => {
        faults.push({ rule, what, where: element ? `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}` : 'document', html: element?.outerHTML.slice(0, 200) ?? '' });
      };
      const room = document.documentElement.clientWidth;
      const elements = [...document.body.querySelectorAll<HTMLElement>('*')].filter((e) => e.getClientRects().length > 0);
      if (document.documentElement.scrollWidth > room) {
        add(`${document.documentElement.scrollWidth} px wide in ${room} px`, elements.filter((e) => e.getBoundingClientRect().right > room + 1).at(-1));
      }
      for (const element of elements) {
        const style = getComputedStyle(element);
        const cuts = ['hidden', 'clip'];
        if (!element.innerText?.trim() || element.closest('.hidden-visually,[aria-hidden="true"]')) continue;
        const wide = cuts.includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
        const high = cuts.includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
        if (wide || high) add('text is cut off', element);
      }
    };
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
    sheet.replaceSync('html { font-size: 200% !important }');
    await drawn();
    look('text-200');
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-block-end: 2em !important }');
    await drawn();
    look('text-spacing');
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    await drawn();
    return faults;
  }, null);
  return seen(['text-200', 'text-spacing'], faults);
}

/** Goes through the whole page with the tab key: order, visible focus in every theme, nothing over it, no trap. */
export async function walked(tab: Tab, most = 150): Promise<Seen> {
  const faults: Fault[] = [];
  const start = await tab.read(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    getSelection()?.removeAllRanges();
    scrollTo(0, 0);
    const list = [...document.querySelectorAll('a[href],button:not([disabled]),input:not([disabled]):not([type=hidden]),select,textarea,summary,[tabindex]')];
    (window as unknown as { stops: Element[] }).stops = list;
    document.body.setAttribute('tabindex', '-1');
    document.body.focus();
    document.body.removeAttribute('tabindex');
    return { href: location.href, h1: document.querySelector('h1')?.textContent };
  }, null);
  let last = -1;
  let reached = 0;
  for (let step = 0; step < most; step += 1) {
    await tab.press('Tab');
    const at = await tab.read((before) => {
      const element = document.activeElement;
      if (!element || element === document.body || element === document.documentElement) return null;
      const place = (window as unknown as { stops: Element[] }).stops.indexOf(element);
      const label = (element as HTMLInputElement).labels?.[0];
      const rings = (): CSSStyleDeclaration[] => [getComputedStyle(element), ...(label ? [getComputedStyle(label)] : [])];
      const outlined = (s: CSSStyleDeclaration): boolean => s.outlineStyle !== 'none' && Number.parseFloat(s.outlineWidth) >= 2;
      const drawn = rings().some((s) => outlined(s) || s.boxShadow !== 'none');

      // the ring stands out from what lies around it, in whichever theme is worn
      const light = (colour: string): number => {
        const [r = 0, g = 0, b = 0] = (/rgba?\(([^)]*)\)/.exec(colour)?.[1] ?? '').split(/[\s,/]+/).map(Number);
        const [x = 0, y = 0, z = 0] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
      };
      const contrast = (one: string, other: string): number => {
        const [dark = 0, bright = 0] = [light(one), light(other)].sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
      };
      const ground = (from: Element | null): string => {
        for (let e = from; e; e = e.parentElement) {
          const colour = getComputedStyle(e).backgroundColor;
          if (!/^rgba\(.*, 0\)$|transparent/.test(colour)) return colour;
        }
        return 'rgb(255, 255, 255)';
      };
      const root = document.documentElement;
      const worn = root.dataset['theme'];
      const pale = ['light', 'dark', 'contrast-light', 'contrast-dark'].flatMap((theme) => {
        root.dataset['theme'] = theme;
        const inside = rings().some((s) => Number.parseFloat(s.outlineOffset) < 0);
        const around = ground(inside ? element : element.parentElement);
        const colours = rings().flatMap((s) => [...(outlined(s) ? [s.outlineColor] : []), .../rgba?\([^)]*\)/.exec(s.boxShadow) ?? []]);
        const best = Math.max(1, ...colours.map((colour) => contrast(colour, around)));
        return best < 3 ? [`${theme} ${best.toFixed(2)}:1`] : [];
      });
      if (worn === undefined) delete root.dataset['theme'];
      else root.dataset['theme'] = worn;

      const box = element.getBoundingClientRect();
      const x = Math.min(Math.max(box.left + Math.min(box.width, 40) / 2, 0), innerWidth - 1);
      const y = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
      const over = document.elementFromPoint(x, y);
      const covered = over !== null && !element.contains(over) && !over.contains(element) && !label?.contains(over);
      return {
        place,
        drawn,
        pale: drawn ? pale.join(', ') : '',
        covered,
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        small: box.width < 43.5 || box.height < 43.5 ? `${Math.round(box.width)} × ${Math.round(box.height)}` : '',
        skip: element.getAttribute('href')?.startsWith('#') ?? false,
        back: place >= 0 && place < before,
        positive: (element as HTMLElement).tabIndex > 0,
        over: covered ? (over?.outerHTML.slice(0, 80) ?? '') : '',
        href: location.href,
        h1: document.querySelector('h1')?.textContent,
        where: `${element.tagName.toLowerCase()} “${(element.getAttribute('aria-label') ?? element.textContent ?? '').replace(/\s+/g, ' ').trim().slice(0, 60)}”`,
        html: element.outerHTML.slice(0, 200),
      };
    }, last);
    if (at === null) break; // past the last one: the browser's own bar comes next
    if (at.back && reached > 0 && at.place <= 0) break; // round again
    reached += 1;
    const add = (rule: Check, what: string, more = ''): void => {
      faults.push({ rule, what, where: at.where, html: at.html, more });
    };
    if (!at.drawn) add('focus-visible', 'the focus cannot be seen');
    if (at.pale) add('focus-contrast', 'the focus hardly stands out', at.pale);
    if (!at.inside) add('focus-in-view', 'the focused element is outside the window');
    else if (at.covered) add('focus-not-covered', 'something lies over the focused element', at.over);
    if (at.positive) add('tab-order', 'a tabindex above 0');
    if (at.back) add('tab-order', 'the tab key went backwards in the document');
    if (at.skip && at.small) add('target-44', `a target of ${at.small} px`);
    if (at.href !== start.href || at.h1 !== start.h1) add('focus-changes-nothing', 'another view came by the focus alone', at.href);
    last = at.place;
  }
  const page = { where: 'document', html: '' };
  if (reached === 0) faults.push({ rule: 'tab-order', what: 'the tab key reaches nothing', ...page });
  if (reached >= most) faults.push({ rule: 'no-trap', what: `${most} presses of the tab key do not pass through the page`, ...page });
  await tab.read(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    scrollTo(0, 0);
  }, null);
  return seen(['tab-order', 'no-trap', 'focus-visible', 'focus-contrast', 'focus-in-view', 'focus-not-covered', 'focus-changes-nothing'], faults);
}

/** Makes another choice in every field of choices: nothing else comes, and the focus stays. */
export async function chosen(tab: Tab): Promise<Seen> {
  const faults: Fault[] = [];
  const fields = 'main :is(select, input[type=checkbox], input[type=radio]:checked)';
  const count = await tab.read((selector) => document.querySelectorAll(selector).length, fields);
  for (let place = 0; place < count; place += 1) {
    const before = await tab.read(
      ([selector, at]) => {
        const field = document.querySelectorAll<HTMLInputElement>(selector)[at];
        field?.focus();
        return { href: location.href, h1: document.querySelector('h1')?.textContent, type: field?.type ?? '', name: field?.name ?? '', html: field?.outerHTML.slice(0, 200) ?? '' };
      },
      [fields, place] as const,
    );
    await tab.press(before.type === 'checkbox' ? 'Space' : 'ArrowDown');
    const after = await tab.read(() => ({ href: location.href, h1: document.querySelector('h1')?.textContent, name: (document.activeElement as HTMLInputElement | null)?.name }), null);
    const same = after.href === before.href && after.h1 === before.h1 && after.name === before.name;
    if (!same) faults.push({ rule: 'choice-changes-nothing', what: 'a choice changed more than itself', where: before.name, html: before.html, more: `${after.href} ${after.name}` });
  }
  return seen(['choice-changes-nothing'], faults);
}

/** The links of the bars that stand on every page, in their order, with their names. */
export async function places(tab: Tab): Promise<{ href: string; name: string }[]> {
  return tab.read(
    () =>
      [...document.querySelectorAll<HTMLAnchorElement>('.places a, .you a')]
        .filter((each) => each.getClientRects().length > 0)
        .map((each) => ({ href: each.getAttribute('href') ?? '', name: (each.textContent ?? '').replace(/\d+/g, '').trim() })),
    null,
  );
}

/** Pages, as they are met, each compared with those before it: what is the same everywhere stands where it stood. */
export class Met {
  private readonly orders = new Map<number, { href: string; name: string }[]>();
  /** By address, from which other views there is a link to it. */
  private readonly ways = new Map<string, Set<string>>();

  async page(tab: Tab, width_px: number): Promise<Seen> {
    const here = await places(tab);
    const known = this.orders.get(width_px) ?? here;
    this.orders.set(width_px, known.length >= here.length ? known : here);
    const both = (list: typeof here, other: typeof here): string => list.filter(({ href }) => other.some((each) => each.href === href)).map(({ href, name }) => `${href} ${name}`).join(' ');
    const faults: Fault[] = [];
    if (both(here, known) !== both(known, here)) faults.push({ rule: 'same-places', what: 'the places stand in another order or are called otherwise', where: 'nav', html: both(here, known), more: both(known, here) });
    if (!here.some(({ href }) => href === '/help')) faults.push({ rule: 'help-in-place', what: 'Help is not among the places', where: 'nav', html: '' });
    const linked = await tab.read(
      () => ({
        from: location.pathname,
        to: [...document.querySelectorAll<HTMLAnchorElement>('a[href^="/"]')].filter((each) => each.getClientRects().length > 0).map((each) => [new URL(each.href).pathname, each.closest('nav') ? 'bar' : ''] as const),
      }),
      null,
    );
    for (const [to, bar] of linked.to) this.ways.set(to, (this.ways.get(to) ?? new Set()).add(bar || linked.from));
    return seen(['same-places', 'help-in-place'], faults);
  }

  /** Whether each of these addresses can be come to in two ways: from a bar and a page, or from two pages. */
  twoWays(addresses: readonly string[]): Seen {
    const lone = addresses.filter((address) => (this.ways.get(address)?.size ?? 0) < 2);
    return seen(['two-ways'], lone.map((address) => ({ rule: 'two-ways', what: `there is one way to ${address}, or none`, where: [...(this.ways.get(address) ?? [])].join(', '), html: '' })));
  }
}
