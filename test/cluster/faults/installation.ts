// The common part of the faults: Genwarden with three workers, a load that keeps them busy, and the time of the fault.

import type { GenwardenClient, Worker } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import type { InstalledGenwarden, Values } from '../support/genwarden.ts';
import { getObject, listObjects, type Any } from '../support/kubectl.ts';
import { audit, type Audited } from './audit.ts';
import { keepSubmitting } from './load.ts';

/** Calls take two seconds, and twelve run at the same time. */
export const faultValues: Values = {
  standin: { enabled: true, latency: '2s' },
  defaultPool: { replicas: 3, concurrency: 4 },
  gemini: { requestsPerMinute: 100_000 },
  // Low, so that the memory fault reaches it soon.
  worker: { resources: { limits: { memory: '384Mi' } } },
};

export interface Ordeal {
  readonly fault: string;
  /** Time between two submits, ms; default 250, two thirds of the workers' capacity. */
  readonly everyMs?: number;
  /** How long a call takes, ms; default 2 s. */
  readonly callMs?: number;
  /** Injects the fault; resolves once it is over or heals by itself. */
  readonly hurt: (blow: Blow) => Promise<void>;
}

export interface Endured extends Audited {
  /** The longest time until a submit was acknowledged, ms, with all repetitions. */
  readonly longestSubmit: number;
}

export interface Blow {
  /** The pod of a worker that currently runs several tasks of this load. */
  busyWorkerPod(): Promise<Any>;
  /** Marks the time of the fault; without a call, the start of `hurt` counts. */
  struck(): void;
}

/** Submits continue for this long after the fault, ms. */
const afterwards = 5_000;

/** Load, fault, load, audit: one row of the table. */
export async function endure(genwarden: InstalledGenwarden, ordeal: Ordeal): Promise<Endured> {
  const { fault, everyMs = 250, callMs, hurt } = ordeal;
  const { client, namespace } = genwarden;
  const load = keepSubmitting(client, { name: fault, everyMs, callMs });
  const busy = (): Promise<Worker[]> => busyWorkers(client, load.jobs);
  const untilBusy = (workers: number): Promise<Worker[]> => {
    const look = async (): Promise<Worker[] | false> => (await busy()).length >= workers && (await busy());
    return until(look, { what: `${workers} busy workers`, timeoutMs: 60_000, intervalMs: 100 });
  };
  await untilBusy(2);
  let faultAt = Date.now();
  try {
    await hurt({
      busyWorkerPod: async () => getObject('pod', (await untilBusy(1))[0]!.host, namespace),
      struck: () => (faultAt = Date.now()),
    });
    await new Promise((resolve) => setTimeout(resolve, afterwards));
  } finally {
    await load.stop();
  }
  const longestSubmit = Math.round(Math.max(...load.waits));
  return { ...(await audit(client, { fault, jobs: load.jobs, faultAt })), longestSubmit };
}

export const podsOf = ({ namespace, release }: InstalledGenwarden, component: string): Promise<Any[]> =>
  listObjects('pods', namespace, `app.kubernetes.io/instance=${release},app.kubernetes.io/component=${component}`);

/** Busiest first. Only workers with a recent heartbeat: a dead one stays in the list for a while with its last tasks. */
async function busyWorkers(client: GenwardenClient, jobs: readonly string[]): Promise<Worker[]> {
  const count = ({ tasks }: Worker): number => tasks.filter(({ job }) => jobs.includes(job)).length;
  const isFresh = ({ lastBeat }: Worker): boolean => Date.now() - Date.parse(lastBeat) < 1_000;
  const workers = (await client.workers()).filter((worker) => isFresh(worker) && count(worker) >= 2);
  return workers.toSorted((one, other) => count(other) - count(one));
}
