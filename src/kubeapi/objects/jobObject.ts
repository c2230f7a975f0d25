// A job as a Kubernetes object, from what the index knows of its tasks.

import { createHash } from 'node:crypto';
import { countStates, failureReason, jobState, jobTimes, type Counts, type JobState } from '../../job/jobState.ts';
import type { Instant, Sequence, TaskState } from '../../job/task.ts';
import { isoTime } from '../../job/time.ts';
import { namespaceOf } from '../namespaces.ts';
import { apiVersion, kind } from '../resource.ts';
import { versionAt } from '../versions.ts';

export interface KubeJob {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JobMeta;
  readonly spec: JobSpec;
  readonly status: JobStatus;
}

export interface JobMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface JobSpec {
  readonly tenant: string;
  readonly pool: string;
  readonly kind: string;
  readonly model: string;
  readonly priority: string;
}

interface JobStatus {
  readonly state: JobState | 'deleted';
  readonly reason: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly expirationTime: string;
  readonly tasks: Counts & { readonly total: number; readonly done: string };
  /** The uid of the GenerationJob that submitted the job. */
  readonly generationJobUID?: string;
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export interface TaskAt {
  readonly sequence: Sequence;
  readonly state: TaskState;
}

/** `tasks` are all tasks of the job; `epoch` is that of the stream. */
export function jobObject(tasks: readonly TaskAt[], epoch: string): KubeJob {
  const states = tasks.map(({ state }) => state);
  const sequence = Math.max(...tasks.map((task) => task.sequence));
  const { of } = states[0]!;
  const counts = countStates(states);
  const state = jobState(counts);
  const { startedAt, finishedAt } = jobTimes(states);
  const reason = reasonOf(states, state);
  const since = Math.max(...states.map((task) => task.since));
  return {
    apiVersion,
    kind,
    metadata: metaOf(states[0]!, epoch, sequence),
    spec: {
      tenant: of.tenant,
      pool: of.pool,
      kind: of.jobKind ?? of.kind,
      model: of.jobModel ?? of.model,
      priority: of.priority,
    },
    status: {
      state,
      reason,
      ...(startedAt === null ? {} : { startTime: seconds(startedAt) }),
      ...(finishedAt === null ? {} : { completionTime: seconds(finishedAt) }),
      expirationTime: seconds(of.expiresAt),
      tasks: { total: of.total, ...counts, done: `${counts.succeeded}/${of.total}` },
      ...(of.owner === null ? {} : { generationJobUID: of.owner }),
      conditions: conditionsOf(state, reason, finishedAt ?? since, finishedAt === null),
    },
  };
}

/** What is left of a job that was deleted or has expired, for the last event about it. */
export function deletedObject(state: TaskState, epoch: string, sequence: Sequence): KubeJob {
  const job = jobObject([{ sequence, state }], epoch);
  return { ...job, status: { ...job.status, state: 'deleted', reason: 'Deleted' } };
}

function metaOf({ of }: TaskState, epoch: string, sequence: Sequence): JobMeta {
  return {
    name: of.job,
    namespace: namespaceOf(of.tenant),
    uid: uidOf(of.job, of.submittedAt),
    resourceVersion: versionAt({ epoch, sequence }),
    creationTimestamp: seconds(of.submittedAt),
    ...(Object.keys(of.labels).length === 0 ? {} : { labels: of.labels }),
  };
}

/** The id of a deleted job can be used again; its uid cannot. */
function uidOf(job: string, submittedAt: Instant): string {
  const hex = createHash('sha256').update(`${job} ${submittedAt}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Kubernetes writes times to the second. */
const seconds = (moment: Instant): string => `${isoTime(moment).slice(0, 19)}Z`;

/** Of a failed job that of its failure; otherwise of the first task in the job's state. */
function reasonOf(states: readonly TaskState[], state: JobState): string {
  return failureReason(states) ?? states.find((task) => task.state === state)?.reason ?? states[0]!.reason;
}

/** Those of a GenerationJob, so that `kubectl wait --for=condition=Finished` works for both. */
function conditionsOf(state: JobState, reason: string, since: Instant, isOpen: boolean): readonly Condition[] {
  const condition = (type: string, holds: boolean): Condition => ({
    type,
    status: holds ? 'True' : 'False',
    reason: isOpen ? 'NotFinished' : reason,
    message: isOpen ? 'The job has not finished' : `The job ${state === 'succeeded' ? state : `ended as ${state}`}`,
    lastTransitionTime: seconds(since),
  });
  return [
    condition('Complete', !isOpen && state === 'succeeded'),
    condition('Failed', !isOpen && state !== 'succeeded'),
    condition('Finished', !isOpen),
  ];
}
