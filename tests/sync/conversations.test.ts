/** Every dialogue about the conversation itself, with the phone's half in its own part. */

import { describe, it } from 'vitest';
import { dialogues, play } from './phone_player.ts';

describe('the phone plays its part', () => {
  for (const [name, dialogue] of dialogues()) {
    it(`${name}: ${dialogue.title}`, () => play(dialogue));
  }
});
