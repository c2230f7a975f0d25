// The operator: campaigns for leadership and runs the controllers of the custom resources while it leads.

import type { Leadership } from '../ports/leadership.ts';
import { LeaderElector } from '../readmodel/leaderElector.ts';
import type { Controller } from './runtime/controller.ts';
import { runController, type LoopOptions } from './runtime/controllerLoop.ts';
import type { OperatorContext } from './context.ts';

export interface OperatorOptions extends OperatorContext {
  /** Unique to this process; identifies the leader in KV and metrics. */
  readonly name: string;
  readonly leadership: Leadership;
  /** Called once for each term. */
  readonly controllers: readonly ((context: OperatorContext) => Controller)[];
  /** Called twice a second while this process does not lead. */
  readonly whileIdle?: () => Promise<void>;
  /** For tests. */
  readonly loop?: Partial<LoopOptions>;
}

export interface Operator {
  /** False while it leads but cannot read its resources, for example because the CRDs are not installed. */
  ready(): { readonly ready: boolean; readonly reason: string };
  leading(): boolean;
  /** Resigns after reconciles in progress have ended. */
  close(): Promise<void>;
}

const role = 'operator';

/** ms between two checks of whether the index is current enough to lead. */
const checkEvery = 500;

export function startOperator(options: OperatorOptions): Operator {
  const { metrics, problems } = options;
  metrics.leader.set({ name: role }, 0);
  const elector = new LeaderElector({ ...options, role });
  const stop = new AbortController();
  const campaign = elector.campaign((term) => runControllers(options, term), stop.signal);
  let idling: Promise<void> | undefined;
  const checks = setInterval(() => {
    elector.check();
    if (elector.leading || options.whileIdle === undefined) return;
    // The next call tries again.
    idling ??= options
      .whileIdle()
      .catch((err: unknown) => options.logger.debug({ err }, 'Could not report that NATS is away'))
      .finally(() => (idling = undefined));
  }, checkEvery);
  return {
    leading: () => elector.leading,
    ready: () => {
      const found = elector.leading ? problems.list() : [];
      return { ready: found.length === 0, reason: found.join('; ') };
    },
    close: async () => {
      stop.abort(new Error('the operator is closing'));
      clearInterval(checks);
      await idling;
      await campaign;
    },
  };
}

/** Runs every controller until the term ends. */
async function runControllers(options: OperatorOptions, term: AbortSignal): Promise<void> {
  const { controllers, logger, metrics, problems } = options;
  metrics.leader.set({ name: role }, 1);
  const loop = { logger, metrics, problems, ...options.loop };
  try {
    await Promise.all(controllers.map((make) => runController(make(options), loop, term)));
  } finally {
    metrics.leader.set({ name: role }, 0);
  }
}
