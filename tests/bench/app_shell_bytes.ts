/**
 * Bytes of HTML, CSS and JavaScript that the first view needs, each compressed with brotli as it is served.
 *
 * What is needed is not guessed from the build: Chromium opens `/` without a service worker, once signed
 * out and once signed in, and what it fetched of these kinds is added up. Fonts and pictures stand apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { launch } from '../journeys/browser.ts';
import { House, ROOT, remove, temporary } from '../journeys/server.ts';
import { activePatron, signIn } from '../journeys/steps.ts';

const GOAL_BYTES = 45_000;

const house = await House.open();
const profile = temporary('profile');
try {
  const browser = await launch('chromium', profile, house.origin, { serviceWorkers: 'block' });
  const tab = await browser.open('/');
  await tab.find({ role: 'heading' });
  // What was fetched once is in the browser's own cache afterwards: both visits are added up.
  const signedOut = house.wire.exchanges.filter((e) => e.method === 'GET').map((e) => e.path);
  await signIn(tab, (await activePatron(house.origin)).name);
  house.wire.exchanges.length = 0;
  await tab.go('/');
  await tab.find({ role: 'heading' });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const fetched = new Set([...signedOut, ...house.wire.exchanges.filter((e) => e.method === 'GET').map((e) => e.path)]);
  await browser.close();
  let total = 0;
  for (const path of fetched) {
    const file = path === '/' ? 'index.html' : path.replace(/^\//, '').replace(/\?.*$/, '');
    if (!/\.(html|css|js)$/.test(file)) continue;
    const bytes = brotliCompressSync(readFileSync(join(ROOT, 'build', 'app', file)), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11 },
    }).length;
    console.log(`${bytes.toLocaleString('en-GB').padStart(8)} B  ${file}`);
    total += bytes;
  }
  console.log(
    JSON.stringify({
      name: 'app_shell_bytes',
      value: total,
      unit: 'B brotli',
      goal: `<= ${GOAL_BYTES}`,
      met: total > 0 && total <= GOAL_BYTES,
      about: `HTML, CSS and JavaScript of the first view, ${fetched.size} files fetched`,
    }),
  );
} finally {
  await house.close();
  remove(profile);
}
