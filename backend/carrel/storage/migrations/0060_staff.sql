-- Who works here, what they read of others, and what is odd about a phone.

create table staff (
    patron_id text primary key,
    since_at bigint not null
);

-- What another capability may read of it.
create view colleagues as select patron_id from staff;

-- Each look of a member of staff at what concerns others.
create table staff_reads (
    patron_id text not null,
    what text not null,
    at bigint not null
);

create index staff_reads_in_order on staff_reads (at);

-- Last seen of a phone: a clock that is off (value: milliseconds ahead), facts that it asked for anew (value: how
-- often). A row only where there is something odd, so that ordinary messages write nothing here.
create table oddities (
    dev text not null,
    kind text not null,
    value bigint not null,
    since_at bigint not null,
    at bigint not null,
    primary key (dev, kind)
) /*sqlite: without rowid */;

create index oddities_in_order on oddities (at);
create index fates_told on fates (decided_at) where fate <> '';
