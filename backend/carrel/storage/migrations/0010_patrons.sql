-- Who may borrow, and in which borrowing systems.

create table borrowing_systems (
    id text primary key,
    name text not null
);

-- published_on: the day for which the patron's fact was last looked at.
create table patrons (
    id text primary key,
    card_number text not null unique,
    name text not null,
    email text not null,
    phone text not null,
    category text not null,
    site text not null,
    expires_on text not null,
    published_on text not null default ''
);

create table accounts (
    patron_id text not null references patrons (id),
    system text not null references borrowing_systems (id),
    place smallint not null,
    borrower text not null,
    blocked smallint not null,
    expires_on text not null,
    primary key (patron_id, system)
) /*sqlite: without rowid */;

-- What other capabilities may read of an account.
create view standings as
select
    accounts.patron_id as patron_id,
    accounts.system as system,
    (select borrowing_systems.name from borrowing_systems where borrowing_systems.id = accounts.system) as name,
    accounts.borrower as borrower,
    accounts.blocked as blocked,
    accounts.expires_on as expires_on,
    (select patrons.category from patrons where patrons.id = accounts.patron_id) as category
from accounts;

-- The patrons of a demo, in the order in which its sign-in page lists them.
create table demo_patrons (
    patron_id text primary key references patrons (id),
    place integer not null,
    about text not null
);

-- What is read often and changed rarely (policies, calendars, rooms): a digest of its present content, so
-- that a program may keep what it once read under that digest.
create table editions (
    name text primary key,
    digest text not null
);
