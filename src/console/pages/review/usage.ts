// What a task has used, in words.

import type { Task } from '../../../client/index.ts';
import { count, counted, duration } from '../../format.ts';

export function usageText({
  inputTokens,
  outputTokens,
  cost,
  paidCalls,
  durationMs,
}: NonNullable<Task['usage']>): string {
  return [
    counted(paidCalls, 'paid call'),
    `${count(inputTokens)} + ${count(outputTokens)} tokens`,
    ...(cost === undefined ? [] : [`cost ${Number(cost.toPrecision(3))}`]),
    ...(durationMs === null ? [] : [duration(durationMs)]),
  ].join(', ');
}
