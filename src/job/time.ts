// The server's instants, positions in the stream, and this process's monotonic time: three types, so that mixing them
// does not compile.

import type { Duration } from './duration.ts';

declare const unit: unique symbol;

/** Milliseconds since 1970, by the NATS server's clock. */
export type Instant = number & { readonly [unit]?: 'instant' };

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
