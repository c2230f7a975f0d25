// The place of a queued task among the tasks that are served before it.

/** How many tasks are served before a queued one: of the lane `again`, and of all parts of its own lane. */
export interface Ahead {
  readonly again: number;
  readonly lane: number;
  /** The tightest limit on running tasks that holds for it; absent if there is none, or if its place there is unknown. */
  readonly limit?: RunningLimit;
}

/** The limit on running tasks of the task's tenant or group. */
export interface RunningLimit {
  readonly limit: number;
  readonly running: number;
  /** Queued tasks of the tenant or group that are before it. */
  readonly before: number;
}
