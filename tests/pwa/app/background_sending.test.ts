/** What waits is sent by the browser when no page is open, and told once, to whoever looks next. */
import { describe, expect, test } from 'vitest';
import { Browser, renew, until, type Tab } from './tabs.ts';

type Background = typeof import('../../../pwa/app/background_sending.ts');

/** A browser with a wish that waits and no page open. */
async function closedWithAWish(): Promise<{ browser: Browser; send: Background['sendWhatWaits'] }> {
  const browser = new Browser();
  const tab = await browser.tab();
  await tab.account.signIn('p1');
  browser.library.there = false;
  await renew(tab.account);
  await until(() => tab.left > 0);
  tab.account.network(false);
  await browser.ended();
  browser.library.there = true;
  return { browser, send: (await browser.background()).sendWhatWaits };
}

describe('with no page open', () => {
  test('what waits is sent, and announced once by the page that is looked at next', async () => {
    const { browser, send } = await closedWithAWish();
    await send(browser.worker());
    expect(browser.library.carried()).toEqual([[1]]);
    const tab = await browser.tab();
    await until(() => tab.said.length > 0);
    expect(tab.said).toEqual(['loans.renew@1 done']);
    expect(tab.account.waiting.value).toEqual([]);
    const second = await browser.tab();
    await tab.account.sendNow();
    expect([...tab.said, ...second.said]).toEqual(['loans.renew@1 done']);
  });

  test('nothing waits: nothing is asked', async () => {
    const { browser, send } = await closedWithAWish();
    await send(browser.worker());
    const before = browser.library.heard.length;
    await send(browser.worker());
    expect(browser.library.heard).toHaveLength(before);
  });

  test('nobody answers: it rejects, so that the browser tries again, and the wish is kept', async () => {
    const { browser, send } = await closedWithAWish();
    browser.library.there = false;
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    browser.library.there = true;
    await send(browser.worker());
    expect(browser.library.carried()).toEqual([[1]]);
  });

  test('a library that asked for rest is not asked before it is over, whoever heard it', async () => {
    const { browser, send } = await closedWithAWish();
    browser.library.instead = () => ({ status: 503, code: 'unavailable', retryAfter: 60 });
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    browser.library.instead = null;
    const before = browser.library.heard.length;
    browser.now += 59_999;
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    expect(browser.library.heard).toHaveLength(before);
    browser.now += 1;
    await send(browser.worker());
    expect(browser.library.decided.size).toBe(1);
  });

  test('a rest that was noted by a clock years ahead holds nobody up', async () => {
    const { browser, send } = await closedWithAWish();
    browser.library.instead = () => ({ status: 503, code: 'unavailable', retryAfter: 60 });
    browser.now += 10 * 365 * 86_400_000;
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    browser.library.instead = null;
    browser.now -= 10 * 365 * 86_400_000;
    await send(browser.worker());
    expect(browser.library.decided.size).toBe(1);
  });

  test('after a failure it knocks first, so that a library that is away costs no request with wishes', async () => {
    const { browser, send } = await closedWithAWish();
    browser.library.instead = () => 'cut';
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    browser.library.instead = null;
    browser.library.there = false;
    const before = browser.library.requests.length;
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    browser.library.there = true;
    await send(browser.worker());
    expect(browser.library.heard.at(-2)).toBe('GET /sync/1/meta');
    expect(browser.library.requests).toHaveLength(before + 1);
  });

  test('a reply that is lost is asked for again, and the wish done once', async () => {
    const { browser, send } = await closedWithAWish();
    browser.library.loseReplies = true;
    await expect(send(browser.worker())).rejects.toThrow('tried again');
    browser.library.loseReplies = false;
    await send(browser.worker());
    expect(browser.library.decided.size).toBe(1);
    const tab = await browser.tab();
    await until(() => tab.said.length > 0);
    expect(tab.said).toEqual(['loans.renew@1 done']);
  });

  test.each([
    [401, 'auth', 'sign-in-again'],
    [426, 'upgrade', 'update-needed'],
  ])('%i: trying again would mend nothing; all is kept and the page says what to do', async (status, code, shown) => {
    const { browser, send } = await closedWithAWish();
    browser.library.instead = () => ({ status, code });
    await send(browser.worker());
    const tab = await browser.tab();
    await until(() => tab.account.connection.value === shown);
    expect(tab.account.connection.value).toBe(shown);
    expect(tab.account.waiting.value).toHaveLength(1);
  });

  test('signed out from afar: all of the reader is wiped', async () => {
    const { browser, send } = await closedWithAWish();
    browser.library.instead = () => ({ status: 410, code: 'device-closed' });
    await send(browser.worker());
    expect(await browser.disk()).not.toContain('Beloved');
    expect((await browser.tab()).account.status.value).toBe('signed-out');
  });

  test('nobody is signed in: nothing is asked', async () => {
    const browser = new Browser();
    await (await browser.background()).sendWhatWaits(browser.worker());
    expect(browser.library.heard).toEqual([]);
  });
});

describe('beside pages', () => {
  test('while a page sends the worker waits, and finds nothing left to send', async () => {
    const browser = new Browser();
    const tab = await browser.tab();
    await tab.account.signIn('p1');
    await renew(tab.account);
    const sent = tab.account.sendNow();
    const { sendWhatWaits } = await browser.background();
    await sendWhatWaits(browser.worker());
    await sent;
    expect(browser.library.carried()).toEqual([[1]]);
  });

  test.each([
    ['on', {}],
    ['stubbed out', { locks: null }],
    ['throwing', { locks: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } as never }],
  ])('five tabs and the worker send at once with locks %s: each wish is done once and said once', async (_, over) => {
    const browser = new Browser();
    const tabs: Tab[] = [await browser.tab(over)];
    await tabs[0]?.account.signIn('p1');
    while (tabs.length < 5) tabs.push(await browser.tab(over));
    browser.library.there = false;
    for (const tab of tabs) await renew(tab.account);
    browser.library.there = true;
    const { sendWhatWaits } = await browser.background();
    const senders = [...tabs.map((tab) => tab.account.sendNow()), sendWhatWaits({ ...browser.worker(), ...over })];
    await Promise.allSettled(senders);
    await until(() => tabs.every((tab) => tab.account.waiting.value.length === 0));
    await until(() => tabs.flatMap(({ said }) => said).length >= 1);
    await new Promise((settled) => setTimeout(settled, 50));
    expect(browser.library.decided.size).toBe(5);
    const said = tabs.flatMap((tab) => tab.said);
    expect(said.reduce((sum, each) => sum + (Number(/^(\d+) answers$/.exec(each)?.[1]) || 1), 0)).toBe(5);
  });

  test('two windows side by side, and a third out of sight that sends: one of the two tells the answer', async () => {
    const browser = new Browser();
    const sends = await browser.tab();
    await sends.account.signIn('p1');
    const windows = [await browser.tab(), await browser.tab()];
    sends.visible = false;
    await renew(sends.account);
    await sends.account.sendNow();
    await until(() => windows.some(({ said }) => said.length));
    await new Promise((settled) => setTimeout(settled, 50));
    expect([...sends.said, ...windows.flatMap(({ said }) => said)]).toEqual(['loans.renew@1 done']);
  });

  test('an answer that comes while nobody looks is told when somebody does', async () => {
    const browser = new Browser();
    const tab = await browser.tab();
    await tab.account.signIn('p1');
    tab.visible = false;
    await renew(tab.account);
    await tab.account.sendNow();
    await until(() => tab.account.waiting.value.length === 0);
    expect(tab.said).toEqual([]);
    tab.visible = true;
    tab.account.looked();
    await until(() => tab.said.length > 0);
    expect(tab.said).toEqual(['loans.renew@1 done']);
  });
});

describe('asking the browser', () => {
  test('only when something waits and cannot be sent', async () => {
    const browser = new Browser();
    const tab = await browser.tab();
    await tab.account.signIn('p1');
    tab.account.left();
    expect(tab.left).toBe(0);
    browser.library.there = false;
    await renew(tab.account);
    await until(() => tab.left > 0);
    const before = tab.left;
    tab.account.left();
    expect(tab.left).toBe(before + 1);
  });
});
