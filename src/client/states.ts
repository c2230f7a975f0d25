// Which jobs and tasks are still open: also of an API of a newer version, which may have states that this client does not know.

import type { ListedJob, OpenState, TaskFields, TerminalState } from './types/job.ts';

const openStates: readonly OpenState[] = ['queued', 'running', 'waiting', 'needs_review'];
export const terminalStates: readonly TerminalState[] = ['succeeded', 'failed', 'cancelled'];

/** Nothing more will happen to the job, or to the task, unless someone retries it. */
export function isFinished(
  it: { readonly state: string } & (Pick<ListedJob, 'finishedAt'> | Pick<TaskFields, 'dueAt'>),
): boolean {
  if ((terminalStates as readonly string[]).includes(it.state)) return true;
  if ((openStates as readonly string[]).includes(it.state)) return false;
  // Jobs and tasks have one of these fields in every state.
  return 'finishedAt' in it ? it.finishedAt !== null : it.dueAt === null;
}
