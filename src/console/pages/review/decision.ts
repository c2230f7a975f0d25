// The request of a decision, and how it is announced.

import type { ReviewRequest, Task } from '../../../client/index.ts';

export function requestFor(
  run: number,
  decision: ReviewRequest['decision'],
  instruction: string,
  note: string,
): ReviewRequest {
  return {
    run,
    decision,
    ...(decision === 'tweak' && instruction.trim() !== '' ? { instruction: instruction.trim() } : {}),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  };
}

const words: Readonly<Record<ReviewRequest['decision'], string>> = {
  approve: 'Approved',
  reject: 'Rejected',
  tweak: 'Tweak requested:',
};

export const announcement = (decision: ReviewRequest['decision'], task: Pick<Task, 'name' | 'index'>): string =>
  `${words[decision]} ${taskName(task)}`;

export const taskName = ({ name, index }: Pick<Task, 'name' | 'index'>): string => name ?? `task ${index}`;
