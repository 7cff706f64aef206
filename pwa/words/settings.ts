/** What is said about how the page looks and what is kept. */
import type { PreferenceName } from '../app/preferences.ts';

export const settings = {
  title: 'Settings',
  lead: 'They take effect at once and are kept on this device.',
  names: {
    theme: 'Colours',
    paper: 'Paper, in the light theme',
    text: 'Size of text',
    spacing: 'Space between letters and lines',
    density: 'Space between things',
    font: 'Letters',
    motion: 'Motion',
  } satisfies Record<PreferenceName, string>,
  choices: {
    theme: { auto: 'As this device', light: 'Light', dark: 'Dark', 'contrast-light': 'High contrast, light', 'contrast-dark': 'High contrast, dark' },
    paper: { cream: 'Cream', white: 'White', blue: 'Blue', rose: 'Rose', mint: 'Mint' },
    text: { normal: 'Normal', small: 'Small', large: 'Large', larger: 'Larger', largest: 'Twice as large' },
    spacing: { normal: 'Normal', wide: 'Wide' },
    density: { normal: 'Normal', roomy: 'Roomy', close: 'Close' },
    font: { carrel: 'Carrel’s own', system: 'This device’s' },
    motion: { auto: 'As this device', none: 'None' },
  } as Record<PreferenceName, Record<string, string>>,
  install: 'Put Carrel on the home screen',
  installGo: 'Install Carrel',
  account: 'Your account',
  signedInAs: (name: string): string => `Signed in as ${name}.`,
  signOut: 'Sign out',
};
