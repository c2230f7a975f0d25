// What starting a process gives: the way to end it, and the moment it ends by itself.

export interface StartedProcess {
  /** Ends the process in order: takes no new work, finishes or hands back what it has, closes its connections. */
  close(): Promise<void>;
  /** Resolves with the reason when the process has to be replaced; never for most. */
  readonly finished: Promise<string>;
  /** The address that users talk to, where there is one. */
  readonly url?: string;
}

export const neverFinished: Promise<string> = new Promise(() => undefined);
