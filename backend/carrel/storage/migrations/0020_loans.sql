-- Items, loans, and the policies under which they are lent.

-- One row a copy. record is '' for what has no bibliographic record.
create table items (
    id text primary key,
    record text not null,
    title text not null,
    author text not null,
    shelfmark text not null,
    kind text not null,
    system text not null,
    site text not null
);

create index items_of_record on items (record);

-- due_version: the version of the loan's fact that first told the due date of the latest renewal; 0: none yet.
-- published_on: the day for which the loan's fact was last looked at.
create table loans (
    id text primary key,
    patron_id text not null,
    item_id text not null references items (id),
    issued_on text not null,
    due_on text not null,
    due_version bigint not null default 0,
    renewals integer not null default 0,
    requested smallint not null default 0,
    lost_on text,
    returned_on text,
    published_on text not null default ''
);

-- The last word: an item is in one pair of hands.
create unique index loans_open on loans (item_id) where returned_on is null;
create index loans_of_patron on loans (patron_id, published_on) where returned_on is null;
create index loans_due on loans (due_on) where returned_on is null;

create table loan_policies (
    system text not null,
    kind text not null,
    borrower text not null,
    from_on text not null,
    body text not null,
    primary key (system, kind, borrower, from_on)
) /*sqlite: without rowid */;

-- One row: the last day whose due loans were looked at, to renew them unasked.
create table automatic_renewals (
    id smallint primary key check (id = 1),
    through_on text not null
);
