/**
 * The states a phone can be in and what each event makes of them: complete, by type.
 *
 * `idle` may send now. `sending` has a request on its way. `backing_off` failed and waits for a timer or a
 * sign of a network. `sign_in` needs the same reader to sign in again, `update` a newer app; both keep
 * everything. `closed` was signed out by the library and has to be wiped. Keeps out what the events carry.
 */

export type Status = 'idle' | 'sending' | 'backing_off' | 'sign_in' | 'update' | 'closed';

/**
 * opened: the app was started. asked, withdrew: the person did. sent: a request left. replied: the library
 * answered. cut: no answer came. busy: it came too late, or as 429 or 5xx. unreadable: 400, 413 and their
 * like. restored: 409, another epoch. unknown: 401 or 403. outdated: 426. ended: 410. signed_in: by the same
 * reader.
 */
export type Event =
  | 'opened'
  | 'asked'
  | 'withdrew'
  | 'sent'
  | 'replied'
  | 'cut'
  | 'busy'
  | 'unreadable'
  | 'restored'
  | 'unknown'
  | 'outdated'
  | 'ended'
  | 'signed_in';

/** What may come while a request is on its way, or after its phone has given up waiting for it. */
const heard = {
  replied: 'idle',
  cut: 'backing_off',
  busy: 'backing_off',
  unreadable: 'backing_off',
  restored: 'idle',
  unknown: 'sign_in',
  outdated: 'update',
  ended: 'closed',
} as const satisfies Partial<Record<Event, Status>>;

export const moves: Readonly<Record<Status, Readonly<Record<Event, Status>>>> = {
  idle: { ...heard, opened: 'idle', asked: 'idle', withdrew: 'idle', sent: 'sending', signed_in: 'idle' },
  sending: { ...heard, opened: 'idle', asked: 'sending', withdrew: 'sending', sent: 'sending', signed_in: 'sending' },
  backing_off: {
    ...heard,
    opened: 'idle',
    asked: 'backing_off',
    withdrew: 'backing_off',
    sent: 'sending',
    signed_in: 'idle',
  },
  sign_in: {
    ...heard,
    // Only a reply or a sign-in shows that the session lives; a late failure shows nothing new.
    cut: 'sign_in',
    busy: 'sign_in',
    unreadable: 'sign_in',
    restored: 'sign_in',
    opened: 'sign_in',
    asked: 'sign_in',
    withdrew: 'sign_in',
    sent: 'sign_in',
    signed_in: 'idle',
  },
  update: {
    ...heard,
    cut: 'update',
    busy: 'update',
    unreadable: 'update',
    restored: 'update',
    unknown: 'update',
    opened: 'idle',
    asked: 'update',
    withdrew: 'update',
    sent: 'update',
    signed_in: 'update',
  },
  closed: {
    opened: 'closed',
    asked: 'closed',
    withdrew: 'closed',
    sent: 'closed',
    replied: 'closed',
    cut: 'closed',
    busy: 'closed',
    unreadable: 'closed',
    restored: 'closed',
    unknown: 'closed',
    outdated: 'closed',
    ended: 'closed',
    signed_in: 'closed',
  },
};

/** States in which a request may leave. */
export const maySend: Readonly<Record<Status, boolean>> = {
  idle: true,
  sending: true,
  backing_off: true,
  sign_in: false,
  update: false,
  closed: false,
};
