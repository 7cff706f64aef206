/** What is said about hours, help, everything else, and what was not found. */
import type { Contact } from '../app/facts.ts';

export const hours = {
  title: 'Opening hours',
  closed: 'Closed',
  allDay: 'All day and night',
  week: 'This week',
  days: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  to: (from: string, to: string): string => `${from} to ${to}`,
  /** Days of the week, from 0: "Every day", "Saturday", "Saturday and Sunday", "Monday to Friday". */
  fromTo(first: number, last: number): string {
    const [one = '', other = ''] = [hours.days[first], hours.days[last]];
    if (last - first === 6) return 'Every day';
    return first === last ? one : `${one} ${last - first === 1 ? 'and' : 'to'} ${other}`;
  },
  caption: (point: string): string => `Hours of ${point}`,
  day: 'Day',
  open: 'Open',
  unknown: { heading: 'Not known yet', text: 'Opening hours have not been read on this device. Go online once to bring them.' },
  exceptions: 'Other hours',
};

export const help = {
  title: 'Help',
  lead: 'Ask in the way that suits you; each reaches the same people.',
  ways: 'Ways to ask',
  kinds: { chat: 'Chat', desk: 'In person', email: 'By e-mail', online: 'Online', phone: 'By telephone' } satisfies Record<Contact['kind'], string>,
  points: 'Where to find us',
  relay: 'Calls through a text relay service are welcome.',
  unknown: { heading: 'Not known yet', text: 'How to reach the library has not been read on this device. Go online once to bring it.' },
  staff: 'Sync health, for staff',
  barrier: 'Something is in your way? Report a barrier',
  demo: 'This library is made up: its numbers and addresses reach nobody.',
};

/** Its other words are in `sync_health.ts`, which only staff load. */
export const syncHealth = { title: 'Sync health' };

export const more = {
  title: 'Everything else',
  items: {
    waiting: ['Waiting to send', 'What you asked for that has not been sent, and the answers'],
    hours: ['Opening hours', 'Buildings, desks, lifts, chat'],
    help: ['Help', 'Every way to ask the library'],
    settings: ['Settings', 'Colours, size of text, spacing'],
    accessibility: ['Accessibility', 'What we promise, and how to report a barrier'],
    syncHealth: [syncHealth.title, 'How readers’ phones fare, for staff'],
    signIn: ['Sign in', 'Loans and bookings need it'],
    signOut: ['Sign out', 'Leaves nothing of your account on this device'],
  } as const,
};

export const notFound = { title: 'Not found', heading: 'There is no such page', text: 'The address may be old. Start from the first page, or search.', way: 'Go to Today', everything: 'See every page' };

export const accessibility = {
  title: 'Accessibility',
  lead: 'The same app for everyone, in the view that suits each. A barrier is a bug of the first order.',
  report: 'Report a barrier',
  reportText: 'Say what you tried, what stood in the way, and what you use. Any of the ways under Help reaches us; none needs a telephone.',
  reportWay: 'Ways to reach us',
  commitments: 'Twelve commitments',
  sample: 'These are sample commitments. Each library writes its own.',
  measured: 'How it is measured:',
};
