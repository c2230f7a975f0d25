// A GenerationJob that its TTL deletes leaves its last status behind, under its name and what it asked for. A tool for GitOps that
// applies the same resource again gets that status back: the job has run, and is not paid twice. A resource that a person deletes
// leaves nothing behind, so the next one of that name runs.

import type { JobId } from '../../job/ids.ts';
import { digestOf } from '../../jobs/submit/json.ts';
import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import type { Tombstones } from '../../ports/tombstones.ts';
import {
  type GenerationJob,
  type GenerationJobStatus,
  generationJobStatus,
  parseGenerationJob,
} from '../resources/generationJob.ts';

/**
 * Its job is that of an earlier resource, and may have been retried since. Such a resource has no TTL: it would be applied and
 * deleted again and again.
 */
export function showsEarlierRun({ metadata, status }: Pick<GenerationJob, 'metadata' | 'status'>): boolean {
  return status?.jobId !== undefined && status.jobId !== jobIdOfOwner(metadata.uid);
}

export interface EarlierRun {
  readonly job: JobId;
  readonly status: GenerationJobStatus;
}

/** Throws `Unavailable`. */
export async function findEarlierRun(tombstones: Tombstones, resource: GenerationJob): Promise<EarlierRun | undefined> {
  const key = keyOf(resource);
  const text = key === undefined ? undefined : await tombstones.find(key);
  if (text === undefined) return undefined;
  const { data: status } = generationJobStatus.safeParse(JSON.parse(text));
  if (status?.jobId === undefined || status.jobId === jobIdOfOwner(resource.metadata.uid)) return undefined;
  return { job: status.jobId, status };
}

/** Before the TTL deletes a resource. One whose job was never submitted leaves nothing. Throws `Unavailable`, `StorageFull`. */
export async function rememberRun(tombstones: Tombstones, resource: GenerationJob): Promise<void> {
  const key = keyOf(resource);
  if (key !== undefined && resource.status?.jobId !== undefined)
    await tombstones.put(key, JSON.stringify(resource.status));
}

/** Once a resource shows the earlier run: when it is deleted, the next one runs. Throws `Unavailable`, `StorageFull`. */
export async function forgetRun(tombstones: Tombstones, resource: GenerationJob): Promise<void> {
  const key = keyOf(resource);
  if (key !== undefined) await tombstones.clear(key);
}

/** Undefined for a spec that would be refused. Labels do not count: tools for GitOps add their own. */
function keyOf(resource: GenerationJob): string | undefined {
  const parsed = parseGenerationJob(resource);
  if ('problems' in parsed) return undefined;
  // What may change without another job.
  const asked = { ...parsed.spec, ttlSecondsAfterFinished: undefined, suspend: undefined };
  const { namespace, name } = resource.metadata;
  return [namespace, name, digestOf(JSON.parse(JSON.stringify(asked)))].join('/');
}
