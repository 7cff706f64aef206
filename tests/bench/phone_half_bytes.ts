/**
 * Bytes of the phone's half of Carrel Sync, alone: everything that `sync/phone` gives out, bundled by the app's own
 * builder, minified, and compressed with brotli as it is served.
 */
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { ROOT } from '../journeys/server.ts';

const GOAL_BYTES = 12_000;

const built = (await build({
  configFile: false,
  root: ROOT,
  logLevel: 'error',
  build: { write: false, minify: true, target: 'es2023', lib: { entry: join(ROOT, 'sync/phone/phone.ts'), formats: ['es'], fileName: 'phone' } },
})) as Rolldown.RolldownOutput[];
const chunks = built.flatMap((each) => each.output).filter((each) => each.type === 'chunk');
const code = Buffer.from(chunks.map((each) => each.code).join('\n'));
const small = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
console.log(`${code.length.toLocaleString('en-GB')} B minified, ${small.toLocaleString('en-GB')} B with brotli`);
console.log(
  JSON.stringify({
    name: 'phone_half_bytes',
    value: small,
    unit: 'B brotli',
    goal: `<= ${GOAL_BYTES}`,
    met: chunks.length > 0 && small <= GOAL_BYTES,
    about: `${chunks.flatMap((each) => Object.keys(each.modules)).length} modules of sync/, ${code.length} B before compression; storage and network not counted, they come in`,
  }),
);
