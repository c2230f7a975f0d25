// The server's instants, positions in the stream, and this process's monotonic time: three types, so that mixing them
// does not compile.

import type { Duration } from './duration.ts';

declare const unit: unique symbol;

/** Milliseconds since 1970, by the NATS server's clock. */
export type Instant = number & { readonly [unit]?: 'instant' };

/** The first and the last millisecond that a time in text can have. */
const [firstInstant, lastInstant] = [0, Date.UTC(9999, 11, 31, 23, 59, 59, 999)];

/** ISO 8601 in UTC. Never throws: a moment before 1970 or after 9999, such as that of an endless delay, becomes the nearest in between. */
export function isoTime(moment: Instant): string {
  const whole = Number.isNaN(moment) ? firstInstant : moment;
  return new Date(Math.min(Math.max(whole, firstInstant), lastInstant)).toISOString();
}

/** The position of a message in the stream; 0 means none. */
export type Sequence = number & { readonly [unit]?: 'sequence' };

/**
 * A moment by this process's monotonic clock, for measuring silence and delays. Moments can be compared with each other;
 * everything else goes through the functions below. At run time it is a number of milliseconds.
 */
export interface Monotonic {
  readonly [unit]: 'monotonic';
}

/** Only for clocks: the moment at which the monotonic clock reads `ms`. */
export const monotonicFrom = (ms: number): Monotonic => ms as unknown as Monotonic;

/** Before every other moment. */
export const longAgo = monotonicFrom(-Infinity);
/** After every other moment. */
export const never = monotonicFrom(Infinity);

/** Milliseconds from `since` to `now`; negative if `since` is still to come. */
export const elapsed = (since: Monotonic, now: Monotonic): Duration =>
  (now as unknown as number) - (since as unknown as number);

/** The moment `ms` after another one. */
export const after = (moment: Monotonic, ms: Duration): Monotonic => monotonicFrom((moment as unknown as number) + ms);

export const earliest = <M extends Monotonic>(a: M, b: M): M => (b < a ? b : a);
export const latest = <M extends Monotonic>(a: M, b: M): M => (b > a ? b : a);
