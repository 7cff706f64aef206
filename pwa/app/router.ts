/** Addresses to views: the title is set, the heading takes the focus, and back returns to where one was. */
import { computed, signal } from '@preact/signals';

interface Kept {
  scroll: number;
  link: string;
}

export const address = signal(new URL(location.href));
export const path = computed(() => address.value.pathname);
export const query = computed(() => address.value.searchParams);

let moved: 'first' | 'on' | 'back' = 'first';
let back: Kept | null = null;

/** Go to an address of the app. `replace` changes the present entry: a search that is typed further. */
export function navigate(to: string, replace = false): void {
  const target = new URL(to, location.href);
  if (replace) {
    history.replaceState(history.state, '', target);
    address.value = target;
    return;
  }
  remember();
  history.pushState(null, '', target);
  moved = target.pathname === path.peek() ? moved : 'on';
  address.value = target;
}

function remember(link = ''): void {
  const kept: Kept = { scroll: scrollY, link };
  history.replaceState(kept, '');
}

/** To be called when a view has been drawn: where the focus and the page go. */
export function arrived(title: string): void {
  document.title = title;
  if (moved === 'first') return;
  const heading = document.querySelector<HTMLElement>('main h1');
  if (moved === 'back' && back) {
    const { link, scroll } = back;
    const row = link ? document.querySelector<HTMLElement>(`main a[href="${CSS.escape(link)}"]`) : null;
    scrollTo(0, scroll);
    (row ?? heading)?.focus({ preventScroll: true });
  } else {
    scrollTo(0, 0);
    heading?.focus({ preventScroll: true });
  }
  moved = 'first';
  back = null;
}

addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a[href]');
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || (to.hash && to.pathname === location.pathname)) return;
  event.preventDefault();
  remember(link.getAttribute('href') ?? '');
  history.pushState(null, '', to);
  moved = 'on';
  address.value = to;
});

addEventListener('popstate', (event) => {
  moved = 'back';
  back = (event.state as Kept | null) ?? { scroll: 0, link: '' };
  address.value = new URL(location.href);
});

history.scrollRestoration = 'manual';
