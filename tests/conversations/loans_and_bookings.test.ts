/** Every dialogue about loans and bookings, with the phone's half in its own part. */

import { describe, it } from 'vitest';
import { dialogues, play } from '../sync/phone_player.ts';

describe.each(['loans', 'bookings'])('%s: the phone plays its part', (folder) => {
  for (const [name, dialogue] of dialogues(folder)) {
    it(`${name}: ${dialogue.title}`, () => play(dialogue));
  }
});
