-- Rooms, the rules under which they are booked, and bookings.

create table rooms (
    id text primary key,
    site text not null,
    place integer not null,
    body text not null
);

create table room_rules (
    site text not null,
    kind text not null,
    from_on text not null,
    body text not null,
    primary key (site, kind, from_on)
) /*sqlite: without rowid */;

-- id is the identity of the wish, which is unique for its patron. changes_at: when time alone next changes
-- the booking's fact; null: never again.
create table bookings (
    patron_id text not null,
    id text not null,
    room_id text not null references rooms (id),
    starts_at bigint not null,
    ends_at bigint not null,
    party integer not null,
    access text not null,
    booked_at bigint not null,
    grace_ends_at bigint not null,
    checked_in_at bigint,
    cancelled_at bigint,
    changes_at bigint,
    primary key (patron_id, id)
) /*sqlite: without rowid */;

create index bookings_in_time on bookings (patron_id, starts_at) where cancelled_at is null;
create index bookings_changing on bookings (patron_id, changes_at) where changes_at is not null;

-- The last word: one slot of one room belongs to one booking. From lapses_at on anyone may take it over,
-- because nobody came; null: someone did.
create table booked_slots (
    room_id text not null,
    slot_at bigint not null,
    site text not null,
    patron_id text not null,
    booking_id text not null,
    lapses_at bigint,
    primary key (room_id, slot_at)
) /*sqlite: without rowid */;

create index booked_slots_of on booked_slots (patron_id, booking_id);
create index booked_slots_at on booked_slots (site, slot_at);
