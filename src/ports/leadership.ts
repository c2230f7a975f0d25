// Which of several controllers leads. Imperfect by nature: every write is fenced by the log anyway.

export interface Leadership {
  /** Campaigns for ever: calls `lead` each time this process becomes leader, with a signal that aborts when it no longer is. */
  campaign(name: string, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}
