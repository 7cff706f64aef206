/**
 * The app in one piece, built once before the tests: a page of a test runs it from the beginning, as a browser does
 * that opens it, and waits for no file.
 */
import { fileURLToPath } from 'node:url';
import { build, type Plugin, type Rolldown } from 'vite';
import type { TestProject } from 'vitest/node';

const HERE = fileURLToPath(new URL('.', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    /** The source of the whole app; leaves behind `wholeApp`. */
    wholeApp: string;
  }
}

/** The style and the catalogue's thread are a browser's. */
const browsers: Plugin = {
  name: 'carrel-leave-to-browsers',
  enforce: 'pre',
  resolveId: (id) => (id.endsWith('.css') ? '\0style' : id.endsWith('?worker&url') ? '\0worker' : null),
  load: (id) => ({ '\0style': '', '\0worker': 'export default "/assets/catalogue_worker.js"' })[id] ?? null,
};

async function built(): Promise<string> {
  const { output } = (await build({
    configFile: false,
    root: HERE,
    logLevel: 'error',
    publicDir: false,
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    plugins: [browsers],
    build: { write: false, minify: false, target: 'es2023', lib: { entry: 'opened.ts', formats: ['iife'], name: 'wholeApp' } },
  }) as Rolldown.RolldownOutput[])[0] as Rolldown.RolldownOutput;
  return output[0].code;
}

export default async function setup(project: TestProject): Promise<void> {
  project.provide('wholeApp', await built());
  project.onTestsRerun(async () => project.provide('wholeApp', await built()));
}
