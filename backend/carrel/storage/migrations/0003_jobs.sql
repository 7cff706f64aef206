-- Recurring work: when each is due next, and who has taken it until when.

create table jobs (
    name text primary key,
    next_run_at bigint not null,
    leased_until bigint not null default 0,
    lease text not null default '',
    last_run_at bigint,
    last_report text not null default '',
    last_failure text not null default ''
);
