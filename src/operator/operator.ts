// The operator: of all its processes one leads, and runs the controllers of the custom resources while it does.

import { setTimeout as pause } from 'node:timers/promises';
import type { Leadership } from '../ports/leadership.ts';
import type { KubeController } from './controller.ts';
import { runController, type LoopOptions } from './loop/controllerLoop.ts';
import type { OperatorParts } from './parts.ts';

export interface OperatorOptions extends OperatorParts {
  /** Unique to this process: who leads, in KV and metrics. */
  readonly name: string;
  readonly leadership: Leadership;
  /** Made anew for each term. */
  readonly controllers: readonly ((parts: OperatorParts) => KubeController)[];
  /** For tests. */
  readonly loop?: Partial<LoopOptions>;
}

export interface Operator {
  /** Not while it leads and its resources cannot be read, as when the custom resources are not installed. */
  ready(): { readonly ready: boolean; readonly reason: string };
  leading(): boolean;
  /** Gives up leading once what is under way has ended. */
  close(): Promise<void>;
}

/** An index further behind the stream than this is no ground to act on, ms. */
const mostLag = 5_000;
const lookEvery = 500;

export function startOperator(options: OperatorOptions): Operator {
  const stop = new AbortController();
  const state = { leading: false };
  const campaign = campaignForEver(options, state, stop.signal);
  return {
    leading: () => state.leading,
    ready: () => {
      const problems = state.leading ? options.problems.list() : [];
      return { ready: problems.length === 0, reason: problems.join('; ') };
    },
    close: async () => {
      stop.abort(new Error('the operator is closing'));
      await campaign;
    },
  };
}

async function campaignForEver(
  options: OperatorOptions,
  state: { leading: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { leadership, name, logger, metrics } = options;
  metrics.leader.set({ name }, 0);
  try {
    await leadership.campaign({ office: 'operator', name }, (term) => serve(options, state, term), signal);
  } catch (error) {
    if (!signal.aborted) logger.error({ err: error }, 'The campaign for leadership ended');
  }
}

async function serve(options: OperatorOptions, state: { leading: boolean }, term: AbortSignal): Promise<void> {
  const { follower, logger, name, metrics } = options;
  // Nobody else may be better off, so the office is kept until the index is current.
  await lookUntil(() => follower.ready().ready, term);
  if (term.aborted) return;
  logger.info({ name }, "Leading: the custom resources are this process's");
  state.leading = true;
  metrics.leader.set({ name }, 1);
  try {
    await runAll(options, term);
  } finally {
    state.leading = false;
    metrics.leader.set({ name }, 0);
    logger.warn({ name, reason: term.aborted ? 'the term ended' : follower.ready().reason }, 'No longer leading');
  }
}

/** Until the term ends, or the index is too old to act on. */
async function runAll(options: OperatorOptions, term: AbortSignal): Promise<void> {
  const { follower, controllers, logger, metrics } = options;
  const behind = new AbortController();
  const signal = AbortSignal.any([term, behind.signal]);
  const loop = { logger, metrics, problems: options.problems, ...options.loop };
  const running = controllers.map((make) => runController(make(options), loop, signal));
  await lookUntil(() => follower.lag() > mostLag, term);
  behind.abort(new Error('the index is behind the stream'));
  await Promise.all(running);
}

async function lookUntil(condition: () => boolean, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !condition()) await pause(lookEvery, undefined, { signal }).catch(() => undefined);
}
