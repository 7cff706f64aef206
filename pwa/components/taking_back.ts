/** Taking back a wish that waits, said at once wherever it is done. */
import { account, type Wish } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import { named } from '../words/outcomes.ts';
import { waiting } from '../words/waiting.ts';

export async function takeBack(wish: Wish, now: number): Promise<void> {
  await account.withdraw(wish.u);
  announce(waiting.withdrawn(named(wish, now)));
}
