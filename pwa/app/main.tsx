/** Starts the app: the frame, the view of the address, the account behind both. */
import '../look/fonts.css';
import '../look/look.css';
import { render } from 'preact';
import { goOnBringing } from '../catalogue/under_way.ts';
import { Frame } from '../components/frame.tsx';
import { aloud, aloudMany } from '../words/outcomes.ts';
import { account, opening } from './account.ts';
import { keepFocus } from './focus_kept.ts';
import { colourTheEdge } from './preferences.ts';
import './reader_choices.ts';
import { Routed } from './routes.tsx';
import { keepTheApp } from './updates.ts';

account.speak(aloud, aloudMany);
const into = document.getElementById('app');
if (!into) throw new Error('expected #app in the page, got none');

void opening.finally(() => {
  render(
    <Frame>
      <Routed />
    </Frame>,
    into,
  );
  keepFocus();
  colourTheEdge();
  // The first view comes before keeping the next one.
  setTimeout(() => void keepTheApp(), 0);
  setTimeout(() => void goOnBringing(), 0);
});
