// How many requests each API process has accepted lately, on the way to the other API processes, so that limits hold for all of
// them together. Nothing is stored, and messages may be lost.

export interface RequestCount {
  /** A hash of the principal. */
  readonly principal: string;
  readonly requests: number;
  /** The principal's limit. */
  readonly perSecond: number;
}

/** What one process has accepted since its previous message. */
export interface RequestReport {
  /** A random name. */
  readonly process: string;
  /** At most `maxCounts`. */
  readonly counts: readonly RequestCount[];
}

/** A message has about 60 bytes for each count. */
export const maxCounts = 1_000;

export interface RequestCounts {
  /** Sends the report to every API process, this one included. Dropped silently while the connection is down. */
  send(report: RequestReport): void;
  /** Calls the listener for each report, until the returned function is called. */
  watch(listener: (report: RequestReport) => void): () => void;
}
