// Decides whether a task moves to its next fallback. A task goes through its targets in order and never returns within a run,
// so a chain ends.

import type { Block } from './block.ts';
import type { TaskError, TaskErrorCode } from './errors/index.ts';
import { defaultFallbackCauses, type FallbackCause } from './policy.ts';
import { laterTargets } from './target.ts';
import type { Queued, Running } from './task.ts';

/** Failures of the provider as a whole, which the circuit breaker of a model counts. */
const providerFailures: ReadonlySet<TaskErrorCode> = new Set([
  'ProviderUnavailable',
  'ProviderError',
  'ProviderUnreachable',
]);

export const isProviderFailure = (code: TaskErrorCode): boolean => providerFailures.has(code);

/**
 * The number of the next target after a failed attempt, or undefined to stay. A failing provider is a cause once its outage
 * is known, or when the task has no attempt left.
 */
export function fallbackFor(task: Running, error: TaskError, isLast: boolean): number | undefined {
  const cause = causeOf(error, isLast);
  return cause !== undefined && allows(task, cause) && laterTargets(task).length > 0 ? next(task) : undefined;
}

/**
 * The number of the first later target that is not blocked, for a queued task whose target is blocked; undefined to stay.
 * `isBlocked` tells whether a target admits no call.
 */
export function fallbackFromBlock(
  task: Queued,
  block: Block,
  isBlocked: (pool: string, model: string) => boolean,
): number | undefined {
  const cause = causeOfBlock(block);
  if (cause === undefined || !block.confirmed || !allows(task, cause)) return undefined;
  const free = laterTargets(task).findIndex(({ pool, model }) => !isBlocked(pool, model));
  return free === -1 ? undefined : next(task) + free;
}

/** Which cause moved a task, for metrics. */
export function causeOfFallback({ code }: Pick<TaskError, 'code'>): FallbackCause {
  switch (code) {
    case 'QuotaExhausted':
    case 'QuotaUnavailable':
      return 'quota';
    case 'PermissionDenied':
    case 'ModelNotFound':
      return 'retired';
    case 'AttemptTimeout':
      return 'timeout';
    case 'PromptRefused':
    case 'OutputRefused':
      return 'refusal';
    default:
      return 'outage';
  }
}

const next = ({ target = 0 }: Pick<Running, 'target'>): number => target + 1;

const allows = ({ of }: Pick<Running, 'of'>, cause: FallbackCause): boolean =>
  (of.policy.fallbackOn ?? defaultFallbackCauses).includes(cause);

/** A failure of one key is no cause while the pool's other keys may still serve the task. */
function causeOf({ code, outage, retryable }: TaskError, isLast: boolean): FallbackCause | undefined {
  if (isProviderFailure(code)) return outage === true || isLast ? 'outage' : undefined;
  switch (code) {
    case 'QuotaUnavailable':
      return retryable ? undefined : 'quota';
    case 'PermissionDenied':
      return retryable ? undefined : 'retired';
    case 'ModelNotFound':
      return 'retired';
    case 'AttemptTimeout':
      return 'timeout';
    case 'PromptRefused':
    case 'OutputRefused':
      return 'refusal';
    default:
      return undefined;
  }
}

function causeOfBlock({ reason }: Block): FallbackCause | undefined {
  switch (reason) {
    case 'ProviderOutage':
    case 'KeysRefused':
      return 'outage';
    case 'QuotaExhausted':
      return 'quota';
    case 'RateLimit':
    case 'KeysCooling':
    case 'NoKeys':
    case 'BudgetExhausted':
      return undefined;
    default:
      return reason satisfies never;
  }
}
