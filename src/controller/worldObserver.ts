// Provides the world that the rules decide on: the workers, and whether this process can trust its observations of them.

import type { Duration } from '../job/duration.ts';
import type { World } from '../job/rules/rule.ts';
import type { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import type { OutageDetector } from './outageDetector.ts';

export class WorldObserver {
  readonly #workers: WorkerDirectory;
  readonly #outage: OutageDetector;
  readonly #heartbeatTimeout: Duration;
  readonly #told: Pick<World, 'block' | 'storage'>;

  /** `told`: why a pool admits no call, and which storage is full. */
  constructor(
    workers: WorkerDirectory,
    outage: OutageDetector,
    heartbeatTimeoutMs: Duration,
    told: Pick<World, 'block' | 'storage'>,
  ) {
    this.#told = told;
    this.#workers = workers;
    this.#outage = outage;
    this.#heartbeatTimeout = heartbeatTimeoutMs;
  }

  world(): World {
    this.#outage.check();
    return {
      worker: (name) => this.#workers.observed(name, this.#outage.trustsLosses),
      heartbeatTimeout: this.#heartbeatTimeout,
      outage: this.#outage.active,
      grace: this.#outage.grace,
      ...this.#told,
    };
  }
}
