/** Small line drawings. Decoration: the word always stands beside them. */

const DRAWN = {
  lamp: 'M5 11a7 6 0 0 1 14 0zM12 11v8M7 20h10M12 2v1.5',
  search: 'M16.5 10.5a6 6 0 1 1-12 0a6 6 0 0 1 12 0zM15 15l5.5 5.5',
  book: 'M12 6c-2-1.6-5-2-8-2v14c3 0 6 .4 8 2 2-1.6 5-2 8-2V4c-3 0-6 .4-8 2zM12 6v14',
  door: 'M5 21V4l9-1.5v20M14 5h5v16M3 21h18M10.5 12v1.5',
  menu: 'M4 6h16M4 12h16M4 18h16',
  help: 'M21 12a9 9 0 1 1-18 0a9 9 0 0 1 18 0zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.4c-.7.3-1 .8-1 1.6v.5M12 17v.1',
  pencil: 'm4 20 1-4L16.5 4.5l3 3L8 19zM14 7l3 3',
  clock: 'M21 12a9 9 0 1 1-18 0a9 9 0 0 1 18 0zM12 7v5l3.5 2',
  tune: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M17 7a2 2 0 1 1-4 0a2 2 0 0 1 4 0zM11 12a2 2 0 1 1-4 0a2 2 0 0 1 4 0zM17 17a2 2 0 1 1-4 0a2 2 0 0 1 4 0z',
  wifi: 'M3 9.5a13 13 0 0 1 18 0M6.2 13a8.4 8.4 0 0 1 11.6 0M9.4 16.4a3.8 3.8 0 0 1 5.2 0M12 19.6v.1',
  noWifi: 'M4 4l16 16M3 9.5a13 13 0 0 1 5-3M12.5 6a13 13 0 0 1 8.5 3.5M6.2 13a8.4 8.4 0 0 1 5-2.4M9.4 16.4a3.8 3.8 0 0 1 5.2 0M12 19.6v.1',
  tick: 'm4 12.5 5.5 5.5L20 6.5',
  cross: 'M6 6l12 12M18 6 6 18',
  turn: 'M6 20V10a4 4 0 0 1 4-4h9M15 2l4 4-4 4',
  up: 'M12 20V5M6 11l6-6 6 6',
  pin: 'M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11zM14 10a2 2 0 1 1-4 0a2 2 0 0 1 4 0z',
  screen: 'M4 5h16v11H4zM9 20h6M12 16v4',
  wheelchair: 'M12.8 4.5a1.8 1.8 0 1 1-3.6 0a1.8 1.8 0 0 1 3.6 0zM11 8v6h5l2.5 5M11 10.5h4M8 11.5a5 5 0 1 0 6.5 6.5',
  ear: 'M7 10a5.5 5.5 0 0 1 11 0c0 4-4 4.5-4 8a3 3 0 0 1-5.5 1.7M10 10.5a2.5 2.5 0 0 1 5 0c0 2-2.5 2-2.5 4',
  quiet: 'M4 10v4h3l5 4V6L7 10zM16 10l4 4M20 10l-4 4',
  desk: 'M3 9h18M6 9v11M18 9v11M12 2v4M10 4l2-2 2 2',
  light: 'M9 18h6M10 21h4M12 3a6 6 0 0 1 3.5 10.9c-.6.5-.9 1.200-.9 2.100h-5.200c0-.9-.3-1.600-.9-2.100A6 6 0 0 1 12 3z',
  steps: 'M3 20h5v-5h5v-5h5V5h3',
  people: 'M12 8a3 3 0 1 1-6 0a3 3 0 0 1 6 0zM3 20c0-4 2.500-6 6-6s6 2 6 6M15 5.500a3 3 0 0 1 0 5.500M17 14c2.500.6 4 2.700 4 6',
  person: 'M15.500 7.500a3.500 3.500 0 1 1-7 0a3.500 3.500 0 0 1 7 0zM5 21c0-5 3-7.500 7-7.500s7 2.500 7 7.500',
  out: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  access: 'M13.500 4a1.500 1.500 0 1 1-3 0a1.500 1.500 0 0 1 3 0zM4 8c5 1.500 11 1.500 16 0M12 9v6M8.500 21l3.500-6 3.500 6',
} as const;

export type IconName = keyof typeof DRAWN;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={DRAWN[name]} />
    </svg>
  );
}
