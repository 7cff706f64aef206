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

/** How long back waits for the row that was left, when it has to be searched or read first; milliseconds. */
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
    scrollTo(0, left.scroll);
    returnTo(left);
  } else if (how) {
    scrollTo(0, 0);
    heading()?.focus({ preventScroll: true });
  }
}

/** From the next address on the page is loaded anew: another version of the app has taken over. */
export function loadAnewNext(): void {
  outdated = true;
}

function heading(): HTMLElement | null {
  return document.querySelector<HTMLElement>('main h1');
}

/** Focus what was left, as soon as it is there; the heading where it never comes. */
function returnTo(left: Left): void {
  const found = (): HTMLElement | null => (left.focus ? document.querySelector<HTMLElement>(`main ${left.focus}`) : null);
  const there = found();
  if (there || !left.focus) {
    (there ?? heading())?.focus({ preventScroll: true });
    return;
  }
  const give = (to: HTMLElement | null): void => {
    stopWaiting();
    // Whoever has gone on meanwhile is not called back.
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    scrollTo(0, left.scroll);
    to?.focus({ preventScroll: true });
  };
  const seen = new MutationObserver(() => {
    const row = found();
    if (row) give(row);
  });
  const timer = setTimeout(() => give(heading()), ROW_MS);
  stopWaiting = () => {
    seen.disconnect();
    clearTimeout(timer);
    stopWaiting = () => undefined;
  };
  seen.observe(document.body, { childList: true, subtree: true });
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
  const id = element?.closest('main [id]:not(main)')?.id;
  return id && element?.id === id ? `#${CSS.escape(id)}` : '';
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
