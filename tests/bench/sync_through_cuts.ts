/**
 * 100 bad links, and 500 wishes to send over each: connections cut after 8, 16, 40 or 100 KB, living 1 to 5 s, with
 * round trips of 50 to 2,000 ms and up to 5 % of the segments lost. In every cell all is sent and all is read, and the
 * bytes are at most twice those of a link that is never cut.
 *
 * A connection lives no shorter than four round trips of its link: on less no protocol gets a word through.
 */
import { freePort } from '../journeys/server.ts';
import { carrel, docs } from './peers/contenders.ts';
import { dice, GOOD, Link } from './peers/link.ts';

const DOCS = 500;
const PATIENCE_MS = 240_000;
const AT_ONCE = 10;
const CUTS = [8_192, 16_384, 40_960, 102_400];
const LIVES = [1_000, 2_000, 3_000, 4_000, 5_000];
const LINES = [
  { rtt_ms: 50, loss: 0 },
  { rtt_ms: 150, loss: 0.01 },
  { rtt_ms: 300, loss: 0.02 },
  { rtt_ms: 800, loss: 0.03 },
  { rtt_ms: 2_000, loss: 0.05 },
];

const port = await freePort();
const library = await carrel(port);

interface Cell {
  named: string;
  bytes: number;
  cuts: number;
  seconds: number;
  whole: boolean;
}

async function through(badness: typeof GOOD, seed: number, patron: string, named: string): Promise<Cell> {
  const link = new Link(await freePort(), port, badness, seed);
  await link.open();
  const phone = await library.phone(`http://127.0.0.1:${link.port}`, patron);
  const wished = docs(DOCS, dice(seed));
  await phone.write(wished);
  const began = performance.now();
  let late: NodeJS.Timeout | undefined;
  await Promise.race([phone.sync(), new Promise((resolve) => (late = setTimeout(resolve, PATIENCE_MS)))]).finally(() => clearTimeout(late));
  const held = phone.state.facts.get('notes');
  const whole = phone.state.outbox.length === 0 && wished.every(({ id }) => held?.has(id)) && phone.state.answers.filter(({ outcome }) => outcome.st === 'done').length === DOCS;
  await link.close();
  return { named, bytes: link.up_bytes + link.down_bytes, cuts: link.cuts, seconds: (performance.now() - began) / 1000, whole };
}

// Readers with nothing yet, one for each cell in turn: what others wrote before is not theirs to read.
const reader = (cell: number): string => `p_${cell + 1}`;
const uncut = await through(GOOD, 1, reader(0), 'uncut');
const cells = CUTS.flatMap((cut_bytes) => LIVES.flatMap((life_ms) => LINES.map((line) => ({ ...GOOD, ...line, bits_per_second: 1_000_000, cut_bytes, life_ms: Math.max(life_ms, 4 * line.rtt_ms) }))));
const done: Cell[] = [];
let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let mine = next++; mine < cells.length; mine = next++) {
      const badness = cells[mine] as typeof GOOD;
      const named = `cut after ${badness.cut_bytes / 1024} KB or ${badness.life_ms / 1000} s, ${badness.rtt_ms} ms, ${badness.loss * 100} % lost`;
      done.push(await through(badness, mine + 2, reader(mine + 1), named));
    }
  }),
);
await library.stop();

const whole = done.filter((cell) => cell.whole);
for (const cell of done) if (!cell.whole) console.log(`not whole: ${cell.named}, after ${cell.seconds.toFixed(0)} s and ${cell.cuts} cuts`);
const ratios = whole.map((cell) => ({ ...cell, ratio: cell.bytes / uncut.bytes })).toSorted((a, b) => b.ratio - a.ratio);
for (const cell of ratios.slice(0, 5)) console.log(`${cell.ratio.toFixed(2)} times the bytes, ${cell.cuts} cuts, ${cell.seconds.toFixed(1)} s: ${cell.named}`);
const worst = ratios[0]?.ratio ?? Number.NaN;
const about = `${DOCS} wishes; uncut ${uncut.bytes} B; ${done.reduce((sum, cell) => sum + cell.cuts, 0)} cuts in all`;
console.log(JSON.stringify({ name: 'sync_cells_whole', value: whole.length, unit: `of ${cells.length} cells`, goal: `>= ${cells.length}`, met: whole.length === cells.length, about }));
console.log(JSON.stringify({ name: 'sync_cells_bytes', value: Math.round(worst * 100) / 100, unit: 'of the uncut, the worst cell', goal: '<= 2', met: worst <= 2, about: `${about}; median ${(ratios[Math.floor(ratios.length / 2)]?.ratio ?? Number.NaN).toFixed(2)}` }));
process.exit(0);
