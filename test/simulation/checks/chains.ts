// Checks tasks that wait for others: they run only after these have succeeded, their prompts have these tasks' outputs, and
// they are moved in time.

import { isHeld, isOpen, type TaskState } from '../../../src/job/task.ts';
import type { DetailedEntry } from '../../../src/ports/jobLog.ts';
import { outputMarks } from '../outputs.ts';

interface Seen extends DetailedEntry {
  /** ms of the run. */
  readonly seenAt: number;
}

type Tasks = ReadonlyMap<string, Seen>;
type Violation = readonly [invariant: string, message: string];

/** Other tasks of the job, as last seen; those of a job that is being deleted count as unknown. */
function parentsOf({ of }: TaskState, tasks: Tasks): readonly Seen[] {
  const seen = (of.after ?? []).flatMap((task) => tasks.get(`${of.job}/${task}`) ?? []);
  return seen.some(({ state }) => state.state === 'deleted') ? [] : seen;
}

export function brokenByMessage(state: TaskState, tasks: Tasks): Violation | undefined {
  if (isHeld(state) || state.state === 'failed' || state.state === 'cancelled' || state.state === 'deleted')
    return undefined;
  const early = parentsOf(state, tasks).find((parent) => parent.state.state !== 'succeeded');
  if (early === undefined) return undefined;
  return ['RunsAfterOthers', `it is ${state.state}, but task ${early.state.of.task} is ${early.state.state}`];
}

/** `job`: the newest job whose task has this prompt. */
export function brokenByCall(
  { task, prompt }: { readonly task: string; readonly prompt: string },
  job: string,
  tasks: Tasks,
): Violation | undefined {
  const index = /^\d+\/(\d+)/.exec(task)?.[1];
  if (index === undefined) return undefined;
  const { state } = tasks.get(`${job}/${index}`)!;
  if (state.state === 'deleted') return undefined;
  if (prompt.includes('{{')) return ['OutputsFlow', `a template was sent: ${prompt.slice(0, 80)}`];
  const found = [...prompt.matchAll(outputMarks)];
  if (found.length !== (state.of.after ?? []).length) return ['OutputsFlow', `${found.length} outputs were sent`];
  for (const [, parent, output] of found) {
    const last = tasks.get(`${job}/${parent}`)!;
    if (last.state.state === 'succeeded' && last.detail.output !== output)
      return ['OutputsFlow', `of task ${parent} it has ${output!.slice(0, 40)}`];
  }
  return undefined;
}

/** A held task must leave once what it waits for has ended. `calmSince` and `grace`: ms of the run. */
export function leftBehind(
  { state }: Seen,
  tasks: Tasks,
  now: number,
  calmSince: number,
  grace: number,
): Violation | undefined {
  if (!isHeld(state)) return undefined;
  const parents = parentsOf(state, tasks);
  const ended = parents.filter((parent) => !isOpen(parent.state));
  const isDecided =
    ended.some((parent) => parent.state.state !== 'succeeded') || ended.length === state.of.after!.length;
  const since = Math.max(calmSince, ...ended.map(({ seenAt }) => seenAt));
  return isDecided && now - since > grace
    ? ['MovedWithOthers', `what it waits for ended ${now - since} ms ago`]
    : undefined;
}
