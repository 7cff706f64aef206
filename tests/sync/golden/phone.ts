/**
 * Today's phone half, started with a kept store and led line by line: `node tests/sync/golden/phone.ts FILE`.
 *
 * Says {"waiting": […], "status": …} first. Then each line it hears is {"do": "compose" | "sign_in"} or
 * {"do": "hear", "status": …, "told": …}, and it answers {"request": text or null} or its outbox and answers.
 */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { asReply, broke, compose, opened, receive, signedIn, written, type PhoneState, type Problem, type Request } from '../../../sync/phone/phone.ts';
import { fromText } from './store.ts';

const text = readFileSync(process.argv[2] as string, 'utf8');
let state: PhoneState = opened((fromText(text) as unknown as { state: PhoneState }).state);
const epoch = process.argv[3];
if (epoch && state.epoch) state = { ...state, epoch };
let asking: Request | null = null;
const told = (): object => ({
  status: state.status,
  waiting: state.outbox.map((each) => each.u),
  answers: Object.fromEntries(state.answers.map(({ u, outcome }) => [u, [outcome.st, outcome.code ?? '']])),
});
const say = (what: object): void => console.log(JSON.stringify(what));

say(told());
for await (const line of createInterface({ input: process.stdin })) {
  const heard = JSON.parse(line) as { do: string; now: number; status?: number; told?: unknown };
  if (heard.do === 'sign_in') state = signedIn(state);
  if (heard.do === 'compose') {
    const made = compose(state, heard.now);
    asking = made?.request ?? null;
    state = made?.state ?? state;
    say({ request: asking ? written(asking) : null });
    continue;
  }
  let again = false;
  if (heard.do === 'hear' && asking) {
    const reply = heard.status === 200 ? asReply(heard.told) : null;
    if (reply) ({ state, again } = receive(state, asking, reply, heard.now));
    else ({ state } = broke(state, asking, { kind: 'status', status: heard.status ?? 0, problem: heard.told as Problem }, heard.now, 0));
  }
  say({ ...told(), again });
}
