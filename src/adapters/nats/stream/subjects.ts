// Names of the stream, its consumers, subjects and filters.

import type { JobId, TaskIndex } from '../../../job/ids.ts';
import { servingPool } from '../../../job/target.ts';
import { placeOf, type QueuePart } from '../../../job/parts.ts';
import { isHeld, type TaskState } from '../../../job/task.ts';
import type { TaskAddress } from '../../../ports/jobLog.ts';

export { streamName } from '../jetstream/streamNames.ts';

export const streamSubjects = (prefix: string): string[] =>
  ['spec', 'status', 'key'].map((kind) => `${prefix}.${kind}.>`);

export const consumerName = (pool: string, at: QueuePart): string => `${pool}_${laneToken(at)}`;

/** The specs of a lane of a pool, or of one of its tenant parts; the guests of a pool come from every other pool. */
export const laneFilter = (prefix: string, pool: string, at: QueuePart): string =>
  at.lane === 'guest' ? `${prefix}.spec.*.${guestLane(pool)}.>` : `${prefix}.spec.${pool}.${laneToken(at)}.>`;

/** `normal` for the lane, `normal-3` for a tenant part. */
export const laneToken = ({ lane, part }: QueuePart): string => (part === undefined ? lane : `${lane}-${part}`);

/** The lane token of specs that another pool serves. */
export const guestLane = (servedBy: string): string => `to-${servedBy}`;

/** The lane token of specs that wait for other tasks: no consumer delivers them. */
export const heldLane = 'held';

/** A queued state is a spec in its lane, and a held one a spec that is not delivered; every other state is a status. */
export function subjectOf(prefix: string, state: TaskState): string {
  const { pool, job, task } = state.of;
  if (isHeld(state)) return specSubject(prefix, { pool, job, task }, heldLane);
  if (state.state !== 'queued') return statusSubject(prefix, { pool, job, task });
  const lane = state.lane === 'guest' ? guestLane(servingPool(state)) : laneToken(placeOf(state));
  return specSubject(prefix, { pool, job, task }, lane);
}

/** `lane` is the subject's token. */
export const specSubject = (prefix: string, { pool, job, task }: TaskAddress, lane: string): string =>
  `${prefix}.spec.${pool}.${lane}.${job}.${task}`;

export const statusSubject = (prefix: string, { pool, job, task }: TaskAddress): string =>
  `${prefix}.status.${pool}.-.${job}.${task}`;

/**
 * Every message of a task. All writers must use exactly this string as the subject of their expectation: the server's
 * check of writes in flight compares it literally.
 */
export const taskFilter = (prefix: string, { pool, job, task }: TaskAddress): string =>
  `${prefix}.*.${pool}.*.${job}.${task}`;

/** Every message of a job; in any pool by default. */
export const jobFilter = (prefix: string, job: JobId, pool = '*'): string => `${prefix}.*.${pool}.*.${job}.*`;

export const specsFilter = (prefix: string, job: JobId, pool = '*', task: TaskIndex | '*' = '*', lane = '*'): string =>
  `${prefix}.spec.${pool}.${lane}.${job}.${task}`;

export const statusesFilter = (prefix: string, job: JobId, pool = '*'): string => `${prefix}.status.${pool}.-.${job}.*`;

/** `hash` is the hash of tenant and concurrency key. */
export const keySubject = (prefix: string, hash: string): string => `${prefix}.key.${hash}`;

export const isKeySubject = (prefix: string, subject: string): boolean => subject.startsWith(`${prefix}.key.`);
