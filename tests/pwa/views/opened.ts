/** The whole app, and what a test holds of it once it runs. */
import '../../../pwa/app/main.tsx';

export { render } from 'preact';
export { account, opening } from '../../../pwa/app/account.ts';
