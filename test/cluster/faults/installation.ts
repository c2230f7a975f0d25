// What the faults have in common: Genwarden with three workers, a load that keeps them busy, and the moment of a fault.

import type { GenwardenClient, Worker } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import type { InstalledGenwarden, Values } from '../support/genwarden.ts';
import { getObject, listObjects, type Any } from '../support/kubectl.ts';
import { audit, type Audited } from './audit.ts';
import { keepSubmitting } from './load.ts';

/** Calls take two seconds; twelve run at the same time. */
export const faultValues: Values = {
  standin: { enabled: true, latency: '2s' },
  defaultPool: { replicas: 3, concurrency: 4 },
  gemini: { requestsPerMinute: 100_000 },
  // Soon reached, where that is the fault.
  worker: { resources: { limits: { memory: '384Mi' } } },
};

export interface Ordeal {
  readonly fault: string;
  /** Between two submits, ms; default 250: two thirds of what the workers can do. */
  readonly everyMs?: number;
  /** How long a call takes, ms; default 2 s. */
  readonly callMs?: number;
  /** Submits after the fault is over, ms; default 5 s. */
  readonly afterMs?: number;
  /**
   * Hurts the cluster, and calls `struck` at the very moment, or the start counts; resolves once it is whole again or heals
   * by itself.
   */
  readonly hurt: (struck: () => void) => Promise<void>;
}

/** Load, fault, load, audit: one row of the table. */
export async function endure(genwarden: InstalledGenwarden, ordeal: Ordeal): Promise<Audited> {
  const { fault, everyMs = 250, callMs, afterMs = 5_000, hurt } = ordeal;
  const { client } = genwarden;
  const load = keepSubmitting(client, { name: fault, everyMs, callMs });
  await untilBusy(client);
  let faultAt = Date.now();
  try {
    await hurt(() => (faultAt = Date.now()));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
  } finally {
    await load.stop();
  }
  return audit(client, { fault, jobs: load.jobs, faultAt });
}

/** The pod of a worker that runs several tasks right now. */
export async function busyWorkerPod({ client, namespace }: InstalledGenwarden): Promise<Any> {
  const worker = await until(async () => (await busiest(client)) ?? false, {
    what: 'a busy worker',
    timeoutMs: 60_000,
  });
  return getObject('pod', worker.host, namespace);
}

export const podsOf = ({ namespace, release }: InstalledGenwarden, component: string): Promise<Any[]> =>
  listObjects('pods', namespace, `app.kubernetes.io/instance=${release},app.kubernetes.io/component=${component}`);

async function untilBusy(client: GenwardenClient): Promise<void> {
  const busy = async (): Promise<boolean> =>
    (await client.workers()).filter(({ tasks }) => tasks.length >= 2).length >= 2;
  await until(busy, { what: 'two busy workers', timeoutMs: 60_000, intervalMs: 200 });
}

/** Of those that were heard of just now: one that died stays in the list for a while. */
async function busiest(client: GenwardenClient): Promise<Worker | undefined> {
  const isAlive = ({ lastBeat }: Worker): boolean => Date.now() - Date.parse(lastBeat) < 2_500;
  const workers = (await client.workers()).filter((worker) => isAlive(worker) && worker.tasks.length >= 2);
  return workers.toSorted((one, other) => other.tasks.length - one.tasks.length)[0];
}
