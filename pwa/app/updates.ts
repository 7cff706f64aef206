/** Keeps the app on the device, tells when a newer one waits, and when it can be installed. */
import { signal } from '@preact/signals';
import { loadAnewNext } from './router.ts';
import { trusted } from './trusted_workers.ts';

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** How often a page that stays open asks for a newer app; milliseconds. */
const ASK_MS = 60 * 60_000;

const waiting = signal<ServiceWorker | null>(null);
const prompt = signal<InstallPrompt | null>(null);

export const update = {
  /** A newer version is on the device and waits to be used. */
  get ready(): boolean {
    return waiting.value !== null;
  },
  /** Start it; this page is drawn anew, others when they next go to another address. */
  use(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.peek()?.postMessage('use');
  },
};

export const install = {
  /** The browser offers to put the app among the device's own. */
  get possible(): boolean {
    return prompt.value !== null;
  },
  async ask(): Promise<void> {
    const held = prompt.peek();
    prompt.value = null;
    await held?.prompt();
  },
};

/** Ask the service worker to keep the files of the search as well. */
export async function keepSearchFiles(): Promise<void> {
  const registration = await navigator.serviceWorker?.ready;
  registration?.active?.postMessage('keep search');
}

/** Register the service worker and look out for newer ones. Where there can be none, the app needs a network. */
export async function keepTheApp(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register(trusted('/service_worker.js'), { scope: '/' });
  } catch (why) {
    console.warn('expected the app to be kept on this device, got', why);
    return;
  }
  const look = (): void => {
    if (navigator.serviceWorker.controller) waiting.value = registration.waiting;
  };
  // One may be on its way already: the browser asks for it at each start of a page, and may be quicker than this.
  const follow = (): void => registration.installing?.addEventListener('statechange', look);
  look();
  follow();
  registration.addEventListener('updatefound', follow);
  if (navigator.serviceWorker.controller) navigator.serviceWorker.addEventListener('controllerchange', loadAnewNext);
  let askedAt = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || Date.now() - askedAt < ASK_MS) return;
    askedAt = Date.now();
    // Without a network there is no newer one to be had.
    registration.update().catch(() => undefined);
  });
}

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  prompt.value = event as InstallPrompt;
});
addEventListener('appinstalled', () => {
  prompt.value = null;
});
