/** The name by which a page asks the browser, and the service worker hears, that wishes wait (Background Sync). */
export const SENDING = 'carrel-sending';
