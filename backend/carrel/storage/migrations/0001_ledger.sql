-- What every capability stands on: facts, the ledger of devices and outcomes, and what this database is.

-- Words about the database itself: its epoch, its schema, whether it is a demo.
create table meta (
    name text primary key,
    value text not null
);

-- One per patron: the last number given out, the checksum of their facts, the highest number among
-- tombstones that are no longer kept, and when time alone next changes a fact.
create table streams (
    patron_id text primary key,
    seq bigint not null default 0,
    sum bigint not null default 0,
    horizon bigint not null default 0,
    refresh_at bigint not null default 0
);

-- The projection of the library's state that a patron's phones hold. A row with gone_at is a tombstone.
create table facts (
    patron_id text not null,
    kind text not null,
    id text not null,
    version bigint not null,
    seq bigint not null,
    body text not null,
    changed_at bigint not null,
    gone_at bigint,
    primary key (patron_id, kind, id)
) /*sqlite: without rowid */;

create unique index facts_in_order on facts (patron_id, seq);
create index facts_gone on facts (gone_at) where gone_at is not null;

-- A phone, from one sign-in to its sign-out: whose it is, and how far its queue was decided and acknowledged.
create table devices (
    dev text primary key,
    patron_id text not null,
    upto bigint not null default 0,
    acked bigint not null default 0,
    seen_at bigint not null,
    closed_at bigint
);

create index devices_of on devices (patron_id);

-- What became of each place in each phone's queue. `first` is 0 for a copy of what the same wish got before.
create table fates (
    dev text not null,
    n bigint not null,
    patron_id text not null,
    u text not null,
    fate text not null,
    first smallint not null,
    op text not null,
    kept text not null,
    decided_at bigint not null,
    primary key (dev, n)
) /*sqlite: without rowid */;

-- The reason why nothing happens twice.
create unique index fates_once on fates (patron_id, u) where first = 1 and u <> '';
create index fates_kept on fates (decided_at) where kept <> '';
