/** A reader who hears the page: what they do, and everything a screen reader says after it, line by line. */
import { screen } from '@testing-library/dom';
import { virtual } from '@guidepup/virtual-screen-reader';
import type { Page } from '../pwa/views/page.ts';

/** Screen readers pass over these in silence; the virtual one names all that has a role, and where it ends. */
const SILENT = /^(end of )?(paragraph|strong|mark|term|definition|article)$|^end of (listitem|link|heading)/;
/** A link or a heading is one thing to hear, whatever it is made of. */
const ONE_THING = /^(link|heading), /;
const PLACE = /^listitem, level \d+, position (\d+), set size (\d+)/;
const SAID_BY_ITSELF = /^(polite|assertive): /;

export class Listener {
  private readonly tab: Page;
  private readonly lines: string[];
  private heard = 0;

  private constructor(tab: Page, title: string) {
    this.tab = tab;
    this.lines = [title];
  }

  /** Listens to a page that is open. `title`: what the transcript shows, in one sentence. */
  static async start(tab: Page, title: string): Promise<Listener> {
    const listener = new Listener(tab, title);
    await virtual.start({ container: document.body });
    await virtual.clearSpokenPhraseLog();
    return listener;
  }

  /** Something the reader does, in words, and what is then heard. */
  async does(what: string, work: () => Promise<unknown>): Promise<void> {
    this.lines.push('', `> ${what}`);
    await work();
    await this.tab.hear();
    await this.write();
  }

  /** Tab to something, however many there are before it. */
  async tabsTo(role: string, name: string | RegExp): Promise<void> {
    const wanted = screen.getByRole(role, { name });
    await this.does(`tabs to the ${role} ${String(name)}`, async () => wanted.focus());
  }

  /** Press the key for the next heading of a level until this one comes. */
  async seeks(level: 1 | 2 | 3 | 4, name: string): Promise<void> {
    await this.does(`seeks headings of level ${level}`, async () => {
      do await virtual.perform(virtual.commands[`moveToNextHeadingLevel${level}`] as never);
      while (!(await virtual.lastSpokenPhrase()).startsWith(`heading, ${name}`));
    });
  }

  /** Read on, thing by thing, to the end of the page itself. */
  async readsToTheEnd(): Promise<void> {
    await this.does('reads on to the end', async () => {
      while ((await virtual.lastSpokenPhrase()) !== 'end of main') await virtual.next();
    });
  }

  /** The whole of what was done and heard, as plain text. */
  async ends(): Promise<string> {
    await virtual.stop();
    return `${this.lines.join('\n')}\n`;
  }

  private async write(): Promise<void> {
    const log = await virtual.spokenPhraseLog();
    let within = '';
    for (const phrase of log.slice(this.heard)) {
      const inside = within !== '';
      if (phrase === `end of ${within}`) within = '';
      if (inside || SILENT.test(phrase)) continue;
      if (ONE_THING.test(phrase) && log.includes(`end of ${phrase}`, this.heard)) within = phrase;
      this.lines.push(SAID_BY_ITSELF.test(phrase) ? `! ${phrase.replace(SAID_BY_ITSELF, '')}` : `  ${phrase.replace(PLACE, 'item $1 of $2')}`);
    }
    this.heard = log.length;
  }
}
