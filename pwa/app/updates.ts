/** Keeps the app on the device, tells when a newer one waits, and when it can be installed. */
import { signal } from '@preact/signals';
import { trusted } from './trusted_workers.ts';

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

const waiting = signal<ServiceWorker | null>(null);
const prompt = signal<InstallPrompt | null>(null);

export const update = {
  /** A newer version is on the device and waits to be used. */
  get ready(): boolean {
    return waiting.value !== null;
  },
  /** Start it; the page is drawn anew. */
  use(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    waiting.peek()?.postMessage('use');
  },
};

export const install = {
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

export async function keepTheApp(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  const registration = await navigator.serviceWorker.register(trusted('/service_worker.js'), { scope: '/' });
  const look = (): void => {
    if (registration.waiting && navigator.serviceWorker.controller) waiting.value = registration.waiting;
  };
  look();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', look);
  });
}

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  prompt.value = event as InstallPrompt;
});
