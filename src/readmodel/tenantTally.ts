// Counts the open tasks of each tenant by state, as they come and go.

import { isOpen, type OpenTask, type TaskState } from '../job/task.ts';

export type OpenCounts = Readonly<Record<OpenTask['state'], number>>;

type Counted = Record<OpenTask['state'], number>;

const noTasks = (): Counted => ({ queued: 0, running: 0, waiting: 0, needs_review: 0 });

export class TenantTally {
  /** Only tenants with open tasks. */
  readonly #tenants = new Map<string, Counted>();
  #all = noTasks();

  /** Adds a task, or removes it with -1. Tasks that are not open do not count. */
  count(task: TaskState, by: 1 | -1): void {
    if (!isOpen(task)) return;
    const { tenant } = task.of;
    const counted = this.#tenants.get(tenant) ?? noTasks();
    this.#all[task.state] += by;
    counted[task.state] += by;
    const { queued, running, waiting, needs_review: inReview } = counted;
    if (queued + running + waiting + inReview > 0) this.#tenants.set(tenant, counted);
    else this.#tenants.delete(tenant);
  }

  of(tenant: string): OpenCounts {
    return this.#tenants.get(tenant) ?? noTasks();
  }

  /** Of all tenants. */
  get all(): OpenCounts {
    return this.#all;
  }

  clear(): void {
    this.#tenants.clear();
    this.#all = noTasks();
  }
}
