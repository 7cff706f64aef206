/** Loans: what goes back first, then what is safe; why one does not renew is said before any tap. */
import { useState } from 'preact/hooks';
import { account, type Kept } from '../app/account.ts';
import { announce } from '../app/announcer.ts';
import type { LoanFact } from '../app/facts.ts';
import { Icon } from '../components/icon.tsx';
import { takeBack } from '../components/taking_back.ts';
import { Empty, SignInFirst, Stamp, State } from '../components/parts.tsx';
import { frame, notKept, outboxFull, signInFirst } from '../words/common.ts';
import { dayOf, stampOf, when } from '../words/dates.ts';
import { kind, loans as words, why } from '../words/loans.ts';
import { outcomes, named, said } from '../words/outcomes.ts';

/** Ask for a renewal; what is told is '' or why it was not kept. */
async function renew(loan: Kept<LoanFact>): Promise<string> {
  const kept = await account.ask('loans.renew@1', { loan: loan.id }, { title: loan.body.title, due_on: loan.body.due_on }, { base: { [`loans:${loan.id}`]: loan.version } });
  if (kept === 'kept') {
    announce(words.kept(loan.body.title));
    return '';
  }
  return kept === 'full' ? outboxFull : notKept;
}

export default function LoansView() {
  const [trouble, setTrouble] = useState<Record<string, string>>({});
  const now = account.now();
  const today = dayOf(now);
  if (account.status.value === 'signed-out') {
    return (
      <>
        <h1 tabIndex={-1}>{words.title}</h1>
        <SignInFirst words={signInFirst} way={frame.signIn} />
      </>
    );
  }
  const loans = [...account.loans.value].sort((a, b) => a.body.due_on.localeCompare(b.body.due_on) || a.body.title.localeCompare(b.body.title));
  const safe = loans.filter((each) => each.body.state === 'on_loan' && (each.body.renews_itself || each.body.renewal.can));
  const back = loans.filter((each) => !safe.includes(each));
  const able = loans.filter((each) => each.body.renewal.can && !each.wish);
  async function ask(asked: Kept<LoanFact>[]): Promise<void> {
    const told: Record<string, string> = {};
    for (const each of asked) told[each.id] = await renew(each);
    setTrouble(told);
  }
  return (
    <>
      <div class="lead">
        <h1 tabIndex={-1}>{words.title}</h1>
        {loans.length > 0 && <p>{words.summary(loans.length, back.length, safe.length)}</p>}
      </div>
      {loans.length === 0 && <Empty {...words.empty} href="/search" />}
      {able.length > 1 && (
        <p class="acts fill">
          <button type="button" class="btn main" onClick={() => void ask(able)}>
            <Icon name="book" />
            {words.renewAll(able.length)}
          </button>
        </p>
      )}
      {back.length > 0 && (
        <section aria-labelledby="h-back">
          <h2 id="h-back" class="head">
            {words.back}
          </h2>
          <ul class="pile duo">
            {back.map((each) => (
              <Loan key={each.id} loan={each} today={today} now={now} trouble={trouble[each.id] ?? ''} ask={ask} />
            ))}
          </ul>
        </section>
      )}
      {safe.length > 0 && (
        <section aria-labelledby="h-safe">
          <h2 id="h-safe" class="head">
            {words.safe}
          </h2>
          <ul class="pile duo">
            {safe.map((each) => (
              <Loan key={each.id} loan={each} today={today} now={now} trouble={trouble[each.id] ?? ''} ask={ask} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Loan({ loan, today, now, trouble, ask }: { loan: Kept<LoanFact>; today: string; now: number; trouble: string; ask: (asked: Kept<LoanFact>[]) => Promise<void> }) {
  const { body, wish, answer } = loan;
  const overdue = body.state === 'overdue' || body.state === 'requested_overdue';
  const goes = body.state !== 'on_loan' || !(body.renews_itself || body.renewal.can);
  const [strong, rest] = overdue ? words.wasDue(body.due_on, today) : goes ? words.returnBy(body.due_on, today) : words.safeUntil(body.due_on, today);
  return (
    <li class={wish ? 'wish with-stamp' : 'sheet with-stamp'}>
      <Stamp tone={wish ? 'pencil' : goes ? 'clay' : ''} lines={stampOf(body.due_on)} />
      <div class="stack">
        <h3>{body.title}</h3>
        <p class="soft">
          {[body.author, kind[body.kind]].filter(Boolean).join(', ')}
        </p>
        {body.state === 'lost' ? (
          <p>
            <strong>{words.lost}</strong>
          </p>
        ) : (
          <p>
            <strong>{strong}</strong>
            {rest}
          </p>
        )}
      </div>
      <div class="wide stack">
        {!wish && !goes && body.renews_itself && <p>{words.renewsItself(body.keep_until)}</p>}
        {!body.renewal.can && body.renewal.why && !wish && (body.renewal.why !== 'too_soon' || goes) && (
          <State tone="clay" first={words.doesNot}>
            {why[body.renewal.why]}
          </State>
        )}
        {body.renewal.why === 'too_soon' && !goes && !wish && !body.renews_itself && <p>{why.too_soon}</p>}
        {wish && (
          <State tone="pencil" first={body.renewal.can ? words.waits : words.mayFail}>
            {words.waitsRest(when(wish.at, now))}
          </State>
        )}
        {answer && <Said loan={loan} />}
        {trouble && (
          <p class="field-error" role="alert">
            {trouble}
          </p>
        )}
        {(wish || body.renewal.can) && (
          <p class="acts">
            {wish ? (
              <button type="button" class="btn" onClick={() => void takeBack(wish, now)}>
                {words.withdraw(body.title)}
              </button>
            ) : (
              <button type="button" class="btn" onClick={() => void ask([loan])}>
                {words.renew(body.title)}
              </button>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

function Said({ loan }: { loan: Kept<LoanFact> }) {
  if (!loan.answer) return null;
  const answer = loan.answer;
  const { tone, first, rest } = said(answer);
  return (
    <>
      <State tone={tone} first={first}>
        {rest}
      </State>
      <button type="button" class="btn quiet" onClick={() => void account.putAway(answer.u)}>
        {outcomes.putAway(named(answer, answer.answered_at))}
      </button>
    </>
  );
}
