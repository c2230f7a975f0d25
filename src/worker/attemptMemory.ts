// How much memory attempts may use at the same time, and how much each one may need at its peak.

import { ordinaryAnswer } from '../job/answerSize.ts';
import { isSuspect } from '../job/suspect.ts';
import { limitsOf } from '../job/modelLimits.ts';
import { targetOf } from '../job/target.ts';
import type { Queued, Reference, TaskRequest } from '../job/task.ts';

const mebi = 1_048_576;

/**
 * What a worker needs besides its attempts, bytes: Node.js, the SDK, the image library and its connections; what the garbage
 * collector has not freed yet, which grows to about 64 MB whatever the attempts are; and the threads that check answers against
 * schemas, 44 MB.
 */
const workerItself = 208 * mebi;
/** A worker with less than this could run nothing, so it runs one attempt at a time. */
const leastCapacity = 32 * mebi;
/** Without a limit, the machine belongs to other processes as well. */
const shareOfMachine = 0.5;

export interface Limits {
  /** The process's own limit, such as a container's; 0, or more than the machine has, if there is none. */
  readonly limit: number;
  /** All memory of the machine. */
  readonly machine: number;
  /** What the provider's answers may take beyond what is counted for their attempts. */
  readonly excess: number;
}

/** The bytes that a worker's attempts may use. */
export function memoryForAttempts({ limit, machine, excess }: Limits): number {
  const isLimited = limit > 0 && limit < machine;
  const usable = isLimited ? limit : machine * shareOfMachine;
  return Math.max(leastCapacity, Math.floor(usable - workerItself - perAnswerByte * excess));
}

/** Peak memory per byte of an answer: its buffer, and the images or the text in it. */
const perAnswerByte = 2;
/** Peak memory per byte of a reference. Its bytes are read into one buffer and sent from it in pieces. */
const perReferenceByte = 1.1;
/** The least that any task needs, bytes. */
export const leastWeight = perAnswerByte * ordinaryAnswer('text', {});

/** The bytes that an attempt may need at its peak; infinite for a task that must run alone. */
export function weightOf(task: Queued, { input }: Pick<TaskRequest, 'input'>, provider: string): number {
  if (isSuspect(task)) return Infinity;
  // Not known of results of other tasks, nor in jobs of earlier versions.
  const { referenceBytes } = limitsOf(provider, targetOf(task).model);
  const references = (input.references ?? []).reduce((sum, one) => sum + (bytesOf(one) ?? referenceBytes), 0);
  return perAnswerByte * ordinaryAnswer(task.of.kind, input) + Math.ceil(perReferenceByte * references);
}

const bytesOf = (reference: Reference): number | undefined => ('bytes' in reference ? reference.bytes : undefined);
