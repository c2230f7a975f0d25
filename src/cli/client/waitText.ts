// What jobs and tasks wait for, and the names of tasks, in the words of tables and lines.

import type { Task, WaitingFor } from '../../client/index.ts';
import { untilTime } from '../output/format.ts';
import { printable } from '../output/text.ts';

/** `ProviderOutage, in 58s`; empty for what does not wait. */
export function waitText(waits: WaitingFor | null, now: number): string {
  if (waits === null) return '';
  return waits.until === null ? waits.reason : `${waits.reason}, ${untilTime(waits.until, now)}`;
}

/** A line for each cause: `3 tasks wait for ProviderOutage: Gemini answers 503 …`. */
export function waitLines(tasks: readonly Task[]): string[] {
  const waiting = tasks.filter(({ waitingFor }) => waitingFor !== null);
  const groups = [
    ...Map.groupBy(waiting, ({ waitingFor }) => `${waitingFor!.reason} ${groupOf(waitingFor!)}`).values(),
  ];
  return groups.map((group) => {
    const { reason, detail } = group[0]!.waitingFor!;
    const who = group.length === 1 ? `${taskName(group[0]!)} waits` : `${group.length} tasks wait`;
    return printable(`${who} for ${reason}: ${detail}`);
  });
}

/** Each task has its own number of tasks ahead and its own next attempt: these are one line. */
const groupOf = ({ reason, detail }: WaitingFor): string => (['SlotsBusy', 'Backoff'].includes(reason) ? '' : detail);

/** A task's name, or its index if it has no name. */
export function taskName({ index, name }: Pick<Task, 'index' | 'name'>): string {
  return name ?? `task ${index}`;
}
