/** Addresses to views: the title is set, the heading takes the focus, and back returns to where one was. */
import { computed, signal } from '@preact/signals';

/** What a step of the history remembers of the page that was left. */
interface Left {
  scroll: number;
  /** Selector of what had the focus, or of the link that was followed. */
  focus: string;
}

export const address = signal(new URL(location.href));
export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

const HEADING = 'main h1';
/** How long the focus waits for the row that was left, which may have to be searched first; milliseconds. */
const ROW_MS = 1_500;

/** How the present address was come to; null once its view has arrived. */
let coming: 'first' | 'on' | 'back' | null = 'first';
let outdated = false;
let stopWaiting = (): void => undefined;

/** Go to an address of the app. `replace` changes the present step: a search that is typed further. */
export function navigate(to: string, replace = false): void {
  const target = new URL(to, location.href);
  if (outdated && !replace) {
    location.assign(target);
    return;
  }
  if (replace) history.replaceState(history.state, '', target);
  else step(target, document.activeElement);
  address.value = target;
}

/** To be called when a view has been drawn: says its title, and where the focus and the page go. */
export function arrived(title: string): void {
  document.title = title;
  const how = coming;
  coming = null;
  const left = history.state as Left | null;
  if (how === 'first') {
    // Loaded anew: the page stands where it stood, and the focus is the browser's.
    if (left?.scroll) scrollTo(0, left.scroll);
  } else if (how === 'back' && left) {
    give(left.focus ? `main ${left.focus}` : HEADING, left.scroll);
  } else if (how) {
    give(HEADING, 0);
  }
}

/** From the next address on the page is loaded anew: another version of the app has taken over. */
export function loadAnewNext(): void {
  outdated = true;
}

/** Put the focus where it belongs as soon as that is drawn; on the heading when it never is. */
function give(wanted: string, scroll: number): void {
  const before = document.activeElement;
  let place = wanted;
  scrollTo(0, scroll);
  const given = (): boolean => {
    const on = document.querySelector<HTMLElement>(place);
    if (!on) return false;
    stopWaiting();
    // Whoever has gone on meanwhile is not called back.
    if (![before, document.body, null].includes(document.activeElement)) return true;
    scrollTo(0, scroll);
    on.focus({ preventScroll: true });
    return true;
  };
  if (given()) return;
  const drawn = new MutationObserver(given);
  const timer = setTimeout(() => {
    place = HEADING;
    given();
  }, ROW_MS);
  stopWaiting = () => {
    drawn.disconnect();
    clearTimeout(timer);
    stopWaiting = () => undefined;
  };
  drawn.observe(document.body, { childList: true, subtree: true });
}

function step(target: URL, from: Element | null): void {
  stopWaiting();
  remember(from);
  history.pushState(null, '', target);
  // On the same path no view is drawn anew, so nothing arrives: focus and page stay.
  coming = target.pathname === path.peek() ? coming : 'on';
}

function remember(from: Element | null): void {
  const left: Left = { scroll: scrollY, focus: selectorOf(from) };
  history.replaceState(left, '');
}

function selectorOf(element: Element | null): string {
  const link = element?.closest('a[href]')?.getAttribute('href');
  if (link) return `a[href="${CSS.escape(link)}"]`;
  return element?.id && element.closest('main') ? `#${CSS.escape(element.id)}` : '';
}

addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a[href]');
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download') || outdated) return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || (to.hash && to.pathname === location.pathname)) return;
  event.preventDefault();
  step(to, link);
  address.value = to;
});

addEventListener('popstate', () => {
  stopWaiting();
  const to = new URL(location.href);
  if (to.pathname !== path.peek()) coming = 'back';
  address.value = to;
});

addEventListener('pagehide', () => remember(document.activeElement));

history.scrollRestoration = 'manual';
