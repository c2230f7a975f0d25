// Which of several processes leads, for each office of its own. Imperfect by nature: every write is fenced by the log anyway.

export type Office = 'controller' | 'operator';

export interface Candidate {
  /** What is led; candidates for one office do not stand in the way of another's. */
  readonly office: Office;
  /** Unique to this process. */
  readonly name: string;
}

export interface Leadership {
  /** Campaigns for ever: calls `lead` each time the candidate becomes leader, with a signal that aborts when it no longer is. */
  campaign(candidate: Candidate, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}
