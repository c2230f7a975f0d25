// Reads the session again now and then, because it tells whether a stand-in answers, and what the user may do now.

import { loadSession } from './session.ts';

/** A worker recognizes a stand-in some ms after its start: the first page of a new installation must not miss it for long, ms. */
const first = 3_000;
/** ms. */
const every = 30_000;

/** Returns a function that stops. */
export function watchSession(): () => void {
  let timer = setTimeout(read, first);
  let stopped = false;

  async function read(): Promise<void> {
    if (document.visibilityState === 'visible') {
      // Without an answer, the page shows elsewhere that the API is away.
      await loadSession().catch(() => undefined);
    }
    if (!stopped) timer = setTimeout(read, every);
  }

  const onVisible = (): void => {
    if (document.visibilityState !== 'visible') return;
    clearTimeout(timer);
    timer = setTimeout(read, 0);
  };
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
