// Keeps what the page knows of the session: continues that of an identity provider before it expires, also in a tab that the browser had
// put to sleep, and notices a sign-out in another tab and a stand-in that has started.

import { effect } from '@preact/signals';
import { currentTime } from '../live/now.ts';
import { sessionEnded } from './client.ts';
import { isSignedIn, loadSession, refreshSession, session } from './session.ts';

/** How long before the end, ms. */
const ahead = 60_000;
/** The shortest time between two tries, ms. */
const apart = 10_000;
/** When the session is read again, ms: a stand-in is known some time after the start of its worker. */
const readAgain = { first: 3_000, every: 30_000 };
/** The longest time that a timer of a browser can wait, ms. */
const longestTimer = 2 ** 31 - 1;

/** Null: the session does not end, or ends without a way to continue it. ms since 1970. */
function refreshAt(renewable: boolean, expiresAt: string | null): number | null {
  return renewable && expiresAt !== null ? Date.parse(expiresAt) - ahead : null;
}

export function keepSession(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastTry = 0;
  function schedule(): void {
    clearTimeout(timer);
    const { renewable = false, principal } = session.value ?? {};
    const at = refreshAt(renewable, principal?.expiresAt ?? null);
    if (at === null || !isSignedIn.value || sessionEnded.value) return;
    const wait = Math.max(at - currentTime(), lastTry + apart - Date.now(), 0);
    timer = setTimeout(() => void refresh(), Math.min(wait, longestTimer));
  }
  async function refresh(): Promise<void> {
    lastTry = Date.now();
    // Without an answer there is another try.
    await refreshSession().catch(() => undefined);
    schedule();
  }
  function read(): void {
    if (document.visibilityState !== 'visible' || !isSignedIn.value) return;
    // Without an answer there is another try.
    void loadSession().catch(() => undefined);
  }
  effect(schedule);
  setTimeout(read, readAgain.first);
  setInterval(read, readAgain.every);
  document.addEventListener('visibilitychange', () => {
    schedule();
    read();
  });
}
