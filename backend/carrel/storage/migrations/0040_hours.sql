-- Sites, their service points, and when these serve.

-- One row: what the library is called and how to reach it, as everybody may know it.
create table library (
    id smallint primary key check (id = 1),
    name text not null,
    contacts text not null
);

create table sites (
    id text primary key,
    place integer not null,
    name text not null
);

create table service_points (
    id text primary key,
    site text not null references sites (id),
    place integer not null,
    name text not null,
    kind text not null,
    contact text not null,
    weekly text not null,
    note text not null
);

create table hours_exceptions (
    point_id text not null references service_points (id),
    on_date text not null,
    open text not null,
    why text not null,
    primary key (point_id, on_date)
) /*sqlite: without rowid */;
