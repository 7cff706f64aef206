/** One polite voice for the whole page: a queue, no repetition, and silence while someone types. */

/** Between two sentences; screen readers drop one that is replaced at once. Milliseconds. */
const GAP_MS = 900;
/** How long after the last key somebody counts as typing; milliseconds. */
const TYPING_MS = 1_200;
/** A region that has just been drawn is not listened to yet; milliseconds. */
const SOON_MS = 60;
const queue: string[] = [];
let typedAt = -Infinity;
let timer: ReturnType<typeof setTimeout> | null = null;

/** The page's own region, drawn once with the frame. */
export const ANNOUNCER = 'announcer';

/** Say something without moving the focus. What is waiting to be said already is not said twice. */
export function announce(text: string): void {
  if (!text || queue.includes(text)) return;
  queue.push(text);
  timer ??= setTimeout(next, SOON_MS);
}

/** Only the newest of its kind is worth hearing: a count of results replaces the count before it. */
export function announceLatest(before: RegExp, text: string): void {
  for (let i = queue.length - 1; i >= 0; i -= 1) if (before.test(queue[i] ?? '')) queue.splice(i, 1);
  announce(text);
}

function next(): void {
  timer = null;
  const quiet = typedAt + TYPING_MS - performance.now();
  const region = document.getElementById(ANNOUNCER);
  if (quiet > 0 || !region) {
    timer = setTimeout(next, Math.max(quiet, SOON_MS));
    return;
  }
  const text = queue.shift();
  // The same sentence again has to be a change, or it is not spoken.
  if (text !== undefined) region.textContent = region.textContent === text ? `${text}\u00a0` : text;
  if (queue.length) timer = setTimeout(next, GAP_MS);
}

addEventListener('input', (event) => {
  // A choice that was made is no typing.
  const into = event.target as HTMLInputElement | null;
  if (into?.type !== 'radio' && into?.type !== 'checkbox') typedAt = performance.now();
});
