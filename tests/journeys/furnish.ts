/** Makes the demo library once; every journey travels on a copy of it. */
import { Library, freePort, remove, temporary } from './server.ts';

export default async function furnish(): Promise<() => void> {
  const data = temporary('furnished');
  const library = new Library(data, await freePort());
  await library.start();
  await library.stop();
  process.env['CARREL_FURNISHED'] = data;
  return () => remove(data);
}
