// Since when a pool could have served any task of a model: it has a free worker, and its keys admit a call. What waits longer
// is stuck.

import type { KeyRecord } from '../../../src/adapters/nats/keys/record.ts';
import { obstacleOf } from '../../../src/adapters/nats/keys/setbacks.ts';
import { targetOf } from '../../../src/job/target.ts';
import type { Queued } from '../../../src/job/task.ts';
import { models, poolName, sparePool, sparePoolName, type Installation, type WorkerInstance } from '../installation.ts';
import { capacityOf, type Plan } from '../plan.ts';
import { fingerprintOf } from '../ringOfServer.ts';
import type { Server } from '../server.ts';
import type { CallChecks } from './calls.ts';
import type { MessageChecks } from './messages.ts';

export interface ServiceOptions {
  readonly plan: Plan;
  readonly server: Server;
  readonly installation: Installation;
  readonly callChecks: CallChecks;
  readonly messageChecks: MessageChecks;
}

/** A task returns to the queue at the latest this long after the block of its model has ended, ms. */
const parked = 15_000 * 1.1 + 1_000;
/**
 * An outage ends at the latest this long after its last failed or unanswered call, while tasks wait: the longest interval
 * between probes or the longest hint, the hold of a worker that died with the probe, and the time that a probe takes.
 */
const probed = 20_000 + 30_000 + 25_000;

const targets = [
  ...models.map((model) => ({ pool: poolName, model })),
  ...sparePool.models.text.map((model) => ({ pool: sparePoolName, model })),
];

export class Service {
  readonly #options: ServiceOptions;
  /** How long a worker is not expected to claim after its start, ms. */
  readonly #warmUp: number;
  readonly #since = new Map<string, number>();

  constructor(options: ServiceOptions, warmUp: number) {
    this.#options = options;
    this.#warmUp = warmUp;
  }

  /** To be called every second. */
  look(now: number): void {
    const { installation, server, messageChecks } = this.#options;
    const free = installation.workers.filter((worker) => this.#isFree(worker, now));
    for (const { pool, model } of targets) {
      const target = `${pool}/${model}`;
      messageChecks.noteBlock(target, server.keys.block(pool, model, 'default'));
      const serves = free.some((worker) => worker.pool === pool && !this.#isBlocked(worker, model));
      if (!serves) this.#since.delete(target);
      else if (!this.#since.has(target)) this.#since.set(target, now + parked);
    }
  }

  /** Infinity while the pool cannot serve the task. */
  since(task: Queued): number {
    const { pool, model } = targetOf(task);
    return this.#since.get(`${pool}/${model}`) ?? Infinity;
  }

  #isFree({ worker, process, drainingSince, startedAt }: WorkerInstance, now: number): boolean {
    return (
      drainingSince === undefined &&
      !process.frozen &&
      worker.running() < capacityOf(this.#options.plan) &&
      worker.health().reason === 'working' &&
      now - startedAt > this.#warmUp
    );
  }

  #isBlocked({ keys, pool }: WorkerInstance, model: string): boolean {
    const block = keys.block(pool, model, 'default');
    if (block === undefined) return false;
    return block.reason !== 'ProviderOutage' || !this.#canProbe(pool, model) || this.#wasTroubled(model);
  }

  #wasTroubled(model: string): boolean {
    const { callChecks, plan } = this.#options;
    // With a low limit, the probe may have to wait for it.
    const forLimit = plan.requestsPerMinute < 60 ? 65_000 : 0;
    return callChecks.wasTroubled(model, probed + forLimit);
  }

  /** Whether a key admits the call that would probe the model. */
  #canProbe(pool: string, model: string): boolean {
    const { server, installation } = this.#options;
    const records = installation
      .keysOf(pool)
      .map(
        ({ secret }) => server.bucket.entries.get(`${pool}.${fingerprintOf(secret)}`)?.value as KeyRecord | undefined,
      );
    const now = server.clock.now();
    return records.some((record) => record === undefined || obstacleOf(record, model, now) === undefined);
  }
}
