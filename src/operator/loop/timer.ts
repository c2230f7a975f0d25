// Time as a queue needs it, so that tests can have their own.

export interface Timer {
  /** Monotonic, ms. */
  now(): number;
  /** Calls once after so many ms; returns the way to prevent it. */
  after(ms: number, call: () => void): () => void;
}

export const systemTimer: Timer = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
