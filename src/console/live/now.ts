// The present time, once a second, by the clock of the API: a browser's clock may be minutes off, and countdowns would lie.

import { signal } from '@preact/signals';

/** The API's clock minus the browser's, ms. */
let offset = 0;

/** ms since 1970. Components that read it are rendered once a second. */
export const now = signal(Date.now());

/** Without a subscription. */
export const currentTime = (): number => Date.now() + offset;

/** `date`: the header of an answer, which has whole seconds. */
export function noteServerTime(date: string | null): void {
  const at = Date.parse(date ?? '');
  if (Number.isNaN(at)) return;
  // Within the second of the header and the time that the answer took, the clocks agree.
  const difference = at + 500 - Date.now();
  if (Math.abs(difference - offset) > 1_500) offset = Math.abs(difference) < 1_500 ? 0 : difference;
}

export function startClock(): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') now.value = currentTime();
  }, 1_000);
  document.addEventListener('visibilitychange', () => {
    now.value = currentTime();
  });
}
