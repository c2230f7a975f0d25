// Says in the status of each WorkerPool that NATS is away. The leader's lease is in NATS, so that without NATS no operator leads
// and nobody else would: the status would still say that the pool is Ready.

import { KubeError } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import { isoTime, type NewCondition, setConditions } from '../resources/conditions.ts';
import { apiVersion, workerPoolType } from '../resources/kinds.ts';
import type { WorkerPool } from '../resources/workerPool.ts';

type Context = Pick<OperatorContext, 'cluster' | 'clock' | 'namespace' | 'follower'>;

/** ms without NATS until the status says so. */
const patience = 10_000;

/**
 * Called now and then while this process does not lead. Writes once in each outage; the next leader writes the statuses anew.
 * Several operators may write the same. Throws `KubeError`, and then tries again at the next call.
 */
export class NatsAwayReporter {
  readonly #context: Context;
  #isReported = false;

  constructor(context: Context) {
    this.#context = context;
  }

  async report(): Promise<void> {
    const { follower } = this.#context;
    if (follower.lag() < patience) {
      this.#isReported = false;
      return;
    }
    if (this.#isReported) return;
    this.#isReported = true;
    try {
      await this.#writeAll(follower.ready().reason);
    } catch (error) {
      this.#isReported = false;
      throw error;
    }
  }

  async #writeAll(reason: string): Promise<void> {
    const { cluster, namespace } = this.#context;
    const { items } = await cluster.list<WorkerPool>(workerPoolType, { namespace });
    for (const pool of items) await this.#write(pool, reason);
  }

  /** On the condition that the resource has not changed: a leader that is back knows better. */
  async #write({ metadata, status = {} }: WorkerPool, reason: string): Promise<void> {
    const { cluster, clock } = this.#context;
    const { name, namespace, uid, resourceVersion, generation = 0 } = metadata;
    const now = isoTime(clock.now());
    const conditions = setConditions(status.conditions ?? [], [away(reason)], generation, now);
    try {
      await cluster.applyStatus<WorkerPool>(workerPoolType, {
        apiVersion,
        kind: workerPoolType.kind,
        metadata: { name, namespace, uid, resourceVersion },
        status: { ...status, conditions },
      });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
    }
  }
}

const away = (reason: string): NewCondition<'Ready'> => ({
  type: 'Ready',
  status: 'False',
  reason: 'NatsUnavailable',
  message: `The operator gets no answer from NATS, so no task can run: ${reason}`,
});
