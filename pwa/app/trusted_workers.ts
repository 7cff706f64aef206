/** The only scripts that may start: the app's own worker files. The page's policy refuses every other address. */

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

const OWN = /^\/(service_worker\.js|assets\/[\w.-]*worker[\w.-]*\.js)$/;

function own(url: string): string {
  const asked = new URL(url, location.origin);
  const path = asked.pathname;
  if (asked.origin !== location.origin || !(OWN.test(path) || import.meta.env.DEV)) {
    throw new TypeError(`expected one of the app's own workers, got ${url}`);
  }
  return asked.href;
}

const trustedTypes = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
const policy = trustedTypes?.createPolicy('carrel-workers', { createScriptURL: own });

/** An address that may be started as a worker; throws for any that is not the app's own. */
export function trusted(url: string): string {
  return policy ? (policy.createScriptURL(url) as string) : own(url);
}

/** Starts one of the app's own workers. */
export function worker(url: string, options?: WorkerOptions): Worker {
  return new Worker(trusted(url), options);
}
