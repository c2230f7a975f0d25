// Leader election among processes of the same role. Two leaders at the same time are possible but harmless: the log fences
// every write.

/** Each role has one leader; candidates for different roles do not compete. */
export type LeaderRole = 'controller' | 'operator' | 'webhooks';

export interface Candidate {
  readonly role: LeaderRole;
  /** Unique to this process. */
  readonly name: string;
}

export interface Leadership {
  /**
   * Campaigns until `signal` aborts. Calls `lead` each time the candidate becomes leader, with a signal that aborts when
   * the term ends; when `lead` returns earlier, the candidate resigns.
   */
  campaign(candidate: Candidate, lead: (term: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}
