/** Writes every view in every state, light and dark, at 390 and 1280 px, into build/screenshots, to be looked at. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tests/journeys/server.ts';
import { resize, wear, type Theme } from './themes.ts';
import { travel } from './travel.ts';

const folder = join(ROOT, 'build', 'screenshots');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const states = process.argv.slice(2);
let taken = 0;
await travel(
  async (tab, { view, state }) => {
    for (const [width, height] of [[390, 844], [1280, 900]] as const) {
      await resize(tab, width, height);
      for (const theme of ['light', 'dark'] as Theme[]) {
        await wear(tab, theme);
        const name = `${view}-${state}-${theme}-${width}.png`.replaceAll(' ', '_');
        await tab.chromium().screenshot({ path: join(folder, name), fullPage: true, animations: 'disabled' });
        taken += 1;
      }
    }
    await wear(tab, 'light');
    await resize(tab, 390, 844);
  },
  { width: 390, height: 844, ...(states.length > 0 ? { states } : {}) },
);
console.log(`${taken} pictures in build/screenshots`);
process.exit(0);
