// How much memory attempts may use at the same time, and how much each one may need at its peak.

import { ordinaryAnswer } from '../job/answerSize.ts';
import { isSuspect } from '../job/suspect.ts';
import { limitsOf } from '../job/modelLimits.ts';
import { targetOf } from '../job/target.ts';
import type { Queued, TaskRequest } from '../job/task.ts';

const mebi = 1_048_576;

/** What a worker without attempts grows to, bytes: Node.js, the SDK, the image library and the buffers of its connections. */
const workerItself = 176 * mebi;
/** A worker with less than this could run nothing, so it runs one attempt at a time. */
const leastCapacity = 32 * mebi;
/** Without a limit, the machine belongs to other processes as well. */
const shareOfMachine = 0.5;

/**
 * The bytes that a worker's attempts may use. `limit` is the process's own (a container's), or 0 or more than the machine has if
 * there is none; `machine` is all memory of the machine.
 */
export function memoryForAttempts({ limit, machine }: { limit: number; machine: number }): number {
  const isLimited = limit > 0 && limit < machine;
  const usable = isLimited ? limit : machine * shareOfMachine;
  return Math.max(leastCapacity, Math.floor(usable - workerItself));
}

/** Peak memory per byte of an answer: its buffer, and the images or the text in it. */
const perAnswerByte = 2;
/** Peak memory per byte of a reference: its bytes, and a second copy while they are put together from their chunks. */
const perReferenceByte = 1.25;
/** The least that any task needs, bytes. */
export const leastWeight = perAnswerByte * ordinaryAnswer('text', {});

/** The bytes that an attempt may need at its peak; infinite for a task that must run alone. */
export function weightOf(task: Queued, { input }: Pick<TaskRequest, 'input'>, provider: string): number {
  if (isSuspect(task)) return Infinity;
  // Jobs of earlier versions do not say how large their references are.
  const { referenceBytes } = limitsOf(provider, targetOf(task).model);
  const references = (input.references ?? []).reduce((sum, { bytes = referenceBytes }) => sum + bytes, 0);
  return perAnswerByte * ordinaryAnswer(task.of.kind, input) + perReferenceByte * references;
}
