/** Records that a library brings are imported, built and found in the app, in their own script too. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { closeAll, launch } from './browser.ts';
import { book } from './marc.ts';
import { carrel, House, remove, ROOT, temporary } from './server.ts';
import { catalogueOnDevice, hits, keptOffline, search } from './steps.ts';

afterAll(closeAll);

const SHARED = process.env['CARREL_SHARED_DATA'] ?? join(ROOT, '..', 'shared', 'data');

test('a MARC file is imported, its damaged record listed, and its titles are found in Latin and in Cyrillic', async () => {
  const house = await House.open();
  await house.leave();
  const folder = temporary('marc');
  const file = join(folder, 'journey.mrc');
  writeFileSync(
    file,
    Buffer.concat([
      book('journey-1', ['Mastera i podmasterʹia /', 'Мастера и подмастерья /'], ['Primerova, Anna.', 'Примерова, Анна.'], 1987, 'rus'),
      Buffer.from('00120nam a2200049 a 4500this is no directory at all\u001e\u001d'),
      book('journey-2', ['Ho chartēs tou nēsiou /', 'Ο χάρτης του νησιού /'], ['Paradeigma, Eleni.', 'Παράδειγμα, Ελένη.'], 2004, 'gre'),
    ]),
  );
  const said = carrel(['catalogue', 'import', file, '--data', house.data]);
  expect(said).toContain('journey.mrc');
  carrel(['catalogue', 'build', '--data', house.data]);
  await house.arrive();

  const profile = temporary('profile');
  const browser = await launch('chromium', profile, house.origin);
  const tab = await browser.open('/');
  await search(tab, 'подмастерья');
  expect((await hits(tab)).join('\n')).toContain('Мастера');
  await search(tab, 'mastera podmas');
  expect((await hits(tab)).join('\n')).toContain('Мастера');
  await catalogueOnDevice(tab);
  await keptOffline(tab);
  await house.leave();
  await search(tab, 'χάρτης');
  expect((await hits(tab)).join('\n')).toContain('νησιού');
  await tab.click('link', /νησιού|nēsiou/, 'main');
  await tab.until('the record shows its title in its own script, marked as Greek', () => document.querySelector('main [lang="el"]')?.textContent?.includes('χάρτης'), null);
  expect(browser.faults()).toEqual([]);
  await browser.close();
  await house.close();
  remove(profile);
  remove(folder);
});

test.skipIf(!existsSync(join(SHARED, 'marc')))(
  `real records are imported and found (skipped where there are none in ${existsSync(SHARED) ? 'the shared data' : 'CARREL_SHARED_DATA'})`,
  async () => {
    const house = await House.open();
    await house.leave();
    const files = readdirSync(join(SHARED, 'marc'));
    expect(files.length).toBeGreaterThan(0);
    carrel(['catalogue', 'import', join(SHARED, 'marc'), '--data', house.data]);
    carrel(['catalogue', 'build', '--data', house.data]);
    await house.arrive();
    const profile = temporary('profile');
    const browser = await launch('chromium', profile, house.origin);
    const tab = await browser.open('/');
    await search(tab, 'history');
    expect((await hits(tab)).length).toBeGreaterThan(3);
    expect(browser.faults()).toEqual([]);
    await browser.close();
    await house.close();
    remove(profile);
  },
);
