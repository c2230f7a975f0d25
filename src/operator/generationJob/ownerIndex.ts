// Existing and deleted GenerationJobs by UID: a job names its resource by the UID alone.

import type { JobId } from '../../job/ids.ts';
import { jobIdOfOwner } from '../../jobs/submit/index.ts';
import type { KubeObject, ResourceKey } from '../../ports/kubernetes.ts';

export interface DeletedOwner {
  readonly uid: string;
  /** The job that it showed. */
  readonly job: JobId;
  /** That job had finished when the resource was last observed. */
  readonly finished: boolean;
}

interface Present {
  readonly key: ResourceKey;
  readonly job: JobId;
  readonly finished: boolean;
}

export class OwnerIndex {
  readonly #present = new Map<string, Present>();
  /** The resource that shows a job, which may be that of an earlier resource. */
  readonly #shown = new Map<JobId, ResourceKey>();
  readonly #current = new Map<string, string>();
  readonly #deleted = new Map<string, Map<string, DeletedOwner>>();

  /**
   * `shown` is the job of an earlier resource. A resource of the same name with another UID must have been deleted, even
   * without a delete event.
   */
  add({ metadata }: KubeObject, finished: boolean, shown?: JobId): void {
    const { uid } = metadata;
    const key = { namespace: metadata.namespace, name: metadata.name };
    const before = this.#current.get(textOf(key));
    if (before !== undefined && before !== uid) this.#moveToDeleted(key, before);
    this.#current.set(textOf(key), uid);
    this.#present.set(uid, { key, finished, job: shown ?? jobIdOfOwner(uid) });
    if (shown !== undefined) this.#shown.set(shown, key);
  }

  markDeleted({ metadata }: KubeObject): void {
    if (this.#present.has(metadata.uid)) this.#moveToDeleted(metadata, metadata.uid);
  }

  keyOf(uid: string): ResourceKey | undefined {
    return this.#present.get(uid)?.key;
  }

  /** The present resource that shows the job of an earlier one. */
  keyOfShown(job: JobId): ResourceKey | undefined {
    return this.#shown.get(job);
  }

  /** Deleted resources of this name whose jobs may still need to be cancelled. */
  deletedAt(key: ResourceKey): readonly DeletedOwner[] {
    return [...(this.#deleted.get(textOf(key))?.values() ?? [])];
  }

  /** The job of the deleted resource needs nothing more. */
  forgetDeleted(key: ResourceKey, uid: string): void {
    const deleted = this.#deleted.get(textOf(key));
    deleted?.delete(uid);
    if (deleted?.size === 0) this.#deleted.delete(textOf(key));
  }

  #moveToDeleted(key: ResourceKey, uid: string): void {
    const deleted = this.#deleted.get(textOf(key)) ?? new Map<string, DeletedOwner>();
    const { job = jobIdOfOwner(uid), finished = false } = this.#present.get(uid) ?? {};
    deleted.set(uid, { uid, job, finished });
    this.#deleted.set(textOf(key), deleted);
    this.#present.delete(uid);
    for (const [shown, at] of this.#shown) if (textOf(at) === textOf(key)) this.#shown.delete(shown);
    if (this.#current.get(textOf(key)) === uid) this.#current.delete(textOf(key));
  }
}

const textOf = ({ namespace, name }: ResourceKey): string => `${namespace}/${name}`;
