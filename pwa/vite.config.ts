/** Builds the app into build/app: hashed files, compressed siblings, and a service worker that knows them all. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build, defineConfig, type Plugin } from 'vite';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const OUT = join(ROOT, '../build/app');
const COMPRESSED = /\.(html|js|css|json|svg|webmanifest|wasm)$/;
/** Fetched when search is first used, and kept from then on. */
const LATER = /(sqlite|catalogue_worker|\.wasm$)/;
/** Come with sqlite-wasm, for ways of using it that this app does not take. */
const UNUSED = /sqlite3-(worker1|opfs-async-proxy)/;
/** Letters beyond Latin are fetched, and kept, when a title first needs them. */
const OTHER_LETTERS = /-(cyrillic|greek|vietnamese|latin-ext)/;

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => relative(OUT, join(each.parentPath, each.name)).replaceAll('\\', '/'));
}

function finish(): Plugin {
  return {
    name: 'carrel-finish',
    apply: 'build',
    async closeBundle() {
      // One file of its own, with all that it shares with the page: a service worker cannot load another.
      await build({
        configFile: false,
        root: ROOT,
        publicDir: false,
        logLevel: 'warn',
        build: {
          outDir: OUT,
          emptyOutDir: false,
          target: 'es2022',
          reportCompressedSize: false,
          rollupOptions: { input: join(ROOT, 'service_worker.ts'), output: { format: 'iife', entryFileNames: 'service_worker.js' } },
        },
      });
      const all = (await files(OUT)).filter((name) => !/\.(br|gz)$/.test(name) && name !== 'service_worker.js' && !UNUSED.test(name)).sort();
      const shell = all.filter((name) => !LATER.test(name) && !OTHER_LETTERS.test(name));
      const later = all.filter((name) => LATER.test(name));
      const digest = createHash('sha256');
      for (const name of all) digest.update(name).update(await readFile(join(OUT, name)));
      const path = join(OUT, 'service_worker.js');
      const told = JSON.stringify({ version: digest.digest('hex').slice(0, 12), shell: shell.map((name) => `/${name}`), later: later.map((name) => `/${name}`) });
      const written = (await readFile(path, 'utf8')).replace(/["'`]__BUILT__["'`]/, () => JSON.stringify(told));
      if (!written.includes(JSON.stringify(told))) throw new Error('the service worker has no place for the list of files');
      await writeFile(path, written);
      for (const name of [...all, 'service_worker.js']) {
        if (!COMPRESSED.test(name)) continue;
        const data = await readFile(join(OUT, name));
        await writeFile(join(OUT, `${name}.br`), brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
        await writeFile(join(OUT, `${name}.gz`), gzipSync(data, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: ROOT,
  publicDir: 'public',
  plugins: [finish()],
  worker: { format: 'es' },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: join(ROOT, 'index.html') },
      output: { entryFileNames: 'assets/[name]-[hash].js' },
    },
  },
});
