// Loads the page's modules. Browsers abort whatever is loading when the machine's networks change, which they do
// where containers come and go: then the page is loaded again, a few times.
const TRIES = 3;
const WAIT_MS = 400;
const KEY = 'sidespan.tries';

import('./main.ts').then(
  () => sessionStorage.removeItem(KEY),
  (error: unknown) => {
    const tries = Number(sessionStorage.getItem(KEY) ?? 0) + 1;
    if (tries > TRIES) throw error;
    sessionStorage.setItem(KEY, String(tries));
    setTimeout(() => location.reload(), WAIT_MS);
  },
);
