/** The focus never falls off the page: when what has it is taken away, what is read next gets it. */
import { path } from './router.ts';

/** Where the focus was last within the page: its address, and what stood around it, the nearest first. */
let last: { at: string; on: Element; around: Element[] } | null = null;

/** The entries and parts of the page that an element stands in, each with the entries beside it. */
function aroundOf(element: Element, main: Element): Element[] {
  const around: Element[] = [];
  for (let each: Element | null = element; each && each !== main; each = each.parentElement) {
    if (!each.matches('li, article, section')) continue;
    around.push(each);
    for (const beside of [each.nextElementSibling, each.previousElementSibling]) if (each.matches('li') && beside) around.push(beside);
  }
  return [...around, main];
}

function catchIt(): void {
  if (!last || last.on.isConnected || last.at !== path.peek()) return;
  if (document.activeElement && document.activeElement !== document.body) return;
  for (const each of last.around) {
    const heading = each.isConnected && each.querySelector<HTMLElement>('h1, h2, h3, h4');
    if (!heading) continue;
    heading.tabIndex = -1;
    heading.focus();
    return;
  }
}

/** To be called once the page's frame is drawn. */
export function keepFocus(): void {
  const main = document.querySelector('main');
  if (!main) throw new Error('expected main in the page, got none');
  document.addEventListener('focusin', ({ target }) => {
    last = target instanceof Element && main.contains(target) ? { at: path.peek(), on: target, around: aroundOf(target, main) } : null;
  });
  new MutationObserver(catchIt).observe(main, { childList: true, subtree: true });
}
