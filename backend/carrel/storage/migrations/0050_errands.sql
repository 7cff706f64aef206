-- Work for one thing at a time: what it is about, when it is to be looked at next, and who has taken it until when.

-- tries: how often in a row it came to nothing; since_at: when the first of these was; trouble: why the last.
create table errands (
    kind text not null,
    name text not null,
    due_at bigint not null,
    leased_until bigint not null default 0,
    lease text not null default '',
    tries integer not null default 0,
    since_at bigint,
    trouble text not null default '',
    primary key (kind, name)
) /*sqlite: without rowid */;

create index errands_due on errands (due_at);
create index errands_in_trouble on errands (since_at) where since_at is not null;

-- A wish that was received gets its end wherever it was decided, copies included.
create index fates_copied on fates (patron_id, u) where first = 0;
