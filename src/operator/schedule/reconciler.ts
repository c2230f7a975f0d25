// Reconciles one GenerationSchedule: observes its jobs, decides, creates and deletes GenerationJobs, and writes the status.

import { isDeepStrictEqual } from 'node:util';
import { KubeError, type Informer, type ResourceKey } from '../../ports/kubernetes.ts';
import type { CronTimes } from '../../ports/cron.ts';
import type { OperatorContext } from '../context.ts';
import { isoTime } from '../resources/conditions.ts';
import type { GenerationJob } from '../resources/generationJob.ts';
import {
  type GenerationSchedule,
  type GenerationScheduleSpec,
  type GenerationScheduleStatus,
  parseGenerationSchedule,
} from '../resources/generationSchedule.ts';
import { apiVersion, generationJobType, generationScheduleType } from '../resources/kinds.ts';
import { decideSchedule, type Decision, type DueJob, requeueAfter } from './decide.ts';
import { created, notCreated } from './events.ts';
import { scheduledAtAnnotation, scheduleLabel } from './names.ts';
import { type Outcome, scheduleStatus } from './status.ts';

type Context = Pick<OperatorContext, 'cluster' | 'recorder' | 'clock' | 'cron'>;

export interface ScheduleInformers {
  readonly schedules: Pick<Informer<GenerationSchedule>, 'get'>;
  readonly jobs: Pick<Informer<GenerationJob>, 'list'>;
}

/** ms. A clock that is set, or a spec that the API server refuses, is noticed after this at the latest. */
const longest = 600_000;
const conflictRetry = 200;

/** ms until the next reconcile; undefined if the schedule does not exist. */
export async function reconcileSchedule(
  context: Context,
  { schedules, jobs }: ScheduleInformers,
  key: ResourceKey,
): Promise<number | undefined> {
  const schedule = schedules.get(key);
  if (schedule === undefined || schedule.metadata.deletionTimestamp !== undefined) return undefined;
  const owned = jobs.list().filter((job) => isOwned(job, schedule));
  const now = context.clock.now();
  const readable = readSchedule(context, schedule);
  if (typeof readable === 'string')
    return (await writeStatus(context, schedule, owned, { outcome: 'invalid', message: readable })) ?? longest;
  const { spec, times } = readable;
  const decision = decideSchedule({ schedule, spec, times, jobs: owned, now });
  const { left, outcome } = await carryOut(context, schedule, spec, owned, decision);
  return (await writeStatus(context, schedule, left, outcome)) ?? requeueAfter(decision.next, now, longest);
}

const isOwned = ({ metadata: { namespace, ownerReferences = [] } }: GenerationJob, { metadata }: GenerationSchedule) =>
  namespace === metadata.namespace && ownerReferences.some(({ uid, controller }) => uid === metadata.uid && controller);

interface Readable {
  readonly spec: GenerationScheduleSpec;
  readonly times: CronTimes;
}

/** A sentence if the spec cannot be read. */
function readSchedule({ cron }: Context, schedule: GenerationSchedule): Readable | string {
  const parsed = parseGenerationSchedule(schedule);
  if ('problems' in parsed) return parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const times = cron(parsed.spec.schedule, parsed.spec.timeZone);
  return typeof times === 'string' ? `spec.schedule: ${times}` : { spec: parsed.spec, times };
}

interface CarriedOut {
  readonly left: readonly GenerationJob[];
  readonly outcome: Outcome;
}

async function carryOut(
  context: Context,
  schedule: GenerationSchedule,
  spec: GenerationScheduleSpec,
  jobs: readonly GenerationJob[],
  { remove, create, events, next }: Decision,
): Promise<CarriedOut> {
  for (const event of events) context.recorder.record(schedule, event);
  for (const { metadata } of remove) await context.cluster.delete(generationJobType, metadata, { uid: metadata.uid });
  const left = jobs.filter((job) => !remove.includes(job));
  if (spec.suspend) return { left, outcome: { outcome: 'suspended' } };
  if (create === undefined) return { left, outcome: { outcome: 'scheduled', next } };
  const job = await createJob(context, schedule, spec, create);
  if (typeof job === 'string') {
    context.recorder.record(schedule, notCreated(job));
    return { left, outcome: { outcome: 'refused', message: job, next } };
  }
  const others = left.filter(({ metadata }) => metadata.uid !== job.metadata.uid);
  return { left: [...others, job], outcome: { outcome: 'scheduled', next, created: create.at } };
}

/** The new job, or the one that an earlier controller created for this time; a sentence if there cannot be one. */
async function createJob(
  { cluster, recorder }: Context,
  schedule: GenerationSchedule,
  { jobTemplate }: GenerationScheduleSpec,
  { name, at }: DueJob,
): Promise<GenerationJob | string> {
  const { namespace, name: owner, uid } = schedule.metadata;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  const { kind } = generationScheduleType;
  const object = {
    apiVersion,
    kind: generationJobType.kind,
    metadata: {
      name,
      namespace,
      labels: { ...labels, [scheduleLabel]: owner },
      annotations: { ...annotations, [scheduledAtAnnotation]: isoTime(at) },
      ownerReferences: [{ apiVersion, kind, name: owner, uid, controller: true }],
    },
    spec: jobTemplate.spec,
  };
  try {
    const job = await cluster.create<GenerationJob>(generationJobType, object);
    if (job === undefined) return await existingJob(cluster, schedule, name);
    recorder.record(schedule, created(name));
    return job;
  } catch (error) {
    if (error instanceof KubeError && (error.status === 422 || error.status === 403)) return error.message;
    throw error;
  }
}

async function existingJob(
  cluster: Context['cluster'],
  schedule: GenerationSchedule,
  name: string,
): Promise<GenerationJob | string> {
  const { namespace } = schedule.metadata;
  const { items } = await cluster.list<GenerationJob>(generationJobType, {
    namespace,
    labelSelector: `${scheduleLabel}=${schedule.metadata.name}`,
  });
  const found = items.find(({ metadata }) => metadata.name === name);
  if (found !== undefined && isOwned(found, schedule)) return found;
  return `GenerationJob ${name} exists already and does not belong to this schedule`;
}

/** Undefined once written or unchanged; else ms until the next try. */
async function writeStatus(
  { cluster, clock }: Context,
  schedule: GenerationSchedule,
  jobs: readonly GenerationJob[],
  outcome: Outcome,
): Promise<number | undefined> {
  const status = scheduleStatus(schedule, jobs, outcome, clock.now());
  if (isSame(schedule.status, status)) return undefined;
  const { name, namespace, uid, resourceVersion } = schedule.metadata;
  const { kind } = generationScheduleType;
  try {
    await cluster.applyStatus<GenerationSchedule>(generationScheduleType, {
      apiVersion,
      kind,
      metadata: { name, namespace, uid, resourceVersion },
      status,
    });
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && error.status === 409) return conflictRetry;
    throw error;
  }
}

/** JSON has no undefined. */
const isSame = (before: GenerationScheduleStatus | undefined, next: GenerationScheduleStatus): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(before ?? {})), JSON.parse(JSON.stringify(next)));
