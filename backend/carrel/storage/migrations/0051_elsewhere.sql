-- Loans that another library system decides about: what it last said, what it is being asked, who waits for it.

-- How the borrowing system knows the patron; '': by the number of their library card.
alter table accounts add column number text not null default '';

-- What other capabilities may read of it.
create view account_numbers as
select
    accounts.patron_id as patron_id,
    accounts.system as system,
    case
        when accounts.number <> '' then accounts.number
        else (select patrons.card_number from patrons where patrons.id = accounts.patron_id)
    end as number
from accounts;

-- heard_at: when the question was sent whose answer the loans below are; null: none was answered yet.
-- silent_since: the first question after that which was not answered; null: there is none.
create table elsewhere_accounts (
    patron_id text not null,
    system text not null,
    heard_at bigint,
    silent_since bigint,
    primary key (patron_id, system)
) /*sqlite: without rowid */;

-- held: the loan as the system told it, JSON. due_version, published_on: as in loans.
-- asked_at: when it was last asked to renew the loan, if that may yet take effect or it is not known whether it
-- did; before_on, before_renewals: how the loan stood then. asks: how often it was asked for those who wait now;
-- ask_from: not before when it is asked again. refused, refused_at: why it would not, when last asked, and when that was.
create table elsewhere_loans (
    patron_id text not null,
    id text not null,
    system text not null,
    record text not null,
    due_on text not null,
    held text not null,
    due_version bigint not null default 0,
    published_on text not null default '',
    asked_at bigint,
    before_on text,
    before_renewals integer,
    asks integer not null default 0,
    ask_from bigint not null default 0,
    refused text not null default '',
    refused_at bigint,
    primary key (patron_id, id)
) /*sqlite: without rowid */;

create index elsewhere_loans_of_record on elsewhere_loans (record) where record <> '';

-- Renewals that readers wait for. u: the identity of the wish; seen_on: the due date they were looking at.
create table elsewhere_renewals (
    patron_id text not null,
    u text not null,
    system text not null,
    loan_id text not null,
    seen_on text not null,
    kept_at bigint not null,
    until bigint,
    primary key (patron_id, u)
) /*sqlite: without rowid */;
