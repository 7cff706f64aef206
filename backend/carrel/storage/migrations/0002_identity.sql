-- Who is signed in, and the one-time codes by which they may be. Neither holds a secret: only its digest.

create table sessions (
    token_hash text primary key,
    patron_id text not null,
    began_at bigint not null,
    ends_at bigint not null
);

create index sessions_ended on sessions (ends_at);

create table sign_in_codes (
    patron_id text primary key,
    salt text not null,
    code_hash text not null,
    ends_at bigint not null
);

-- Codes tried with a card number, known or not, since an instant.
create table sign_in_tries (
    card_hash text primary key,
    since_at bigint not null,
    tries bigint not null
);
