/** The app can be installed, and says by its manifest what it is. */
import { afterAll, expect, test } from 'vitest';
import { closeAll, launch } from './browser.ts';
import { House, remove, temporary } from './server.ts';
import { keptOffline } from './steps.ts';

afterAll(closeAll);

test('Chromium finds nothing that stands in the way of installing', async () => {
  const house = await House.open();
  const profile = temporary('profile');
  const browser = await launch('chromium', profile, house.origin);
  const tab = await browser.open('/');
  await keptOffline(tab);
  const protocol = await tab.chromium().context().newCDPSession(tab.chromium());
  const { installabilityErrors } = await protocol.send('Page.getInstallabilityErrors');
  // a profile without a person's own window counts as incognito in headless Chromium
  expect(installabilityErrors.map((each) => each.errorId).filter((id) => id !== 'in-incognito')).toEqual([]);
  const told = await protocol.send('Page.getAppManifest');
  expect(told.errors).toEqual([]);
  const manifest = JSON.parse(told.data ?? '{}') as {
    name: string;
    display: string;
    start_url: string;
    icons: { src: string; sizes: string; purpose?: string }[];
    shortcuts: { url: string }[];
  };
  expect(manifest.name).toContain('Carrel');
  expect(manifest.display).toBe('standalone');
  for (const size of ['192x192', '512x512']) expect(manifest.icons.some((icon) => icon.sizes === size)).toBe(true);
  expect(manifest.icons.some((icon) => icon.purpose?.includes('maskable'))).toBe(true);
  for (const { src } of manifest.icons) expect((await fetch(new URL(src, house.origin))).ok).toBe(true);
  expect(manifest.shortcuts.length).toBeGreaterThan(0);
  for (const { url } of [...manifest.shortcuts, { url: manifest.start_url }]) {
    await tab.go(new URL(url, house.origin).pathname);
    await tab.find({ role: 'heading' });
  }
  expect(browser.faults()).toEqual([]);
  await browser.close();
  await house.close();
  remove(profile);
});
