// Decides whether a task moves to its next fallback. A task goes through its targets in order and never returns within a run,
// so a chain ends.

import type { Block } from './block.ts';
import { isKeyFailure, isProviderFailure } from './errors/failureKinds.ts';
import type { TaskError, TaskErrorCode } from './errors/index.ts';
import { defaultFallbackCauses, type FallbackCause } from './policy.ts';
import { laterTargets } from './target.ts';
import type { Queued, Running } from './task.ts';

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
export const causeOfFallback = ({ code }: Pick<TaskError, 'code'>): FallbackCause => causes[code] ?? 'outage';

/** The causes of errors; a provider's failure and a refused key are outages. */
const causes: Readonly<Partial<Record<TaskErrorCode, FallbackCause>>> = {
  ProviderUnavailable: 'outage',
  ProviderError: 'outage',
  ProviderUnreachable: 'outage',
  QuotaExhausted: 'quota',
  QuotaUnavailable: 'quota',
  PermissionDenied: 'retired',
  ModelNotFound: 'retired',
  AttemptTimeout: 'timeout',
  PromptRefused: 'refusal',
  OutputRefused: 'refusal',
};

const next = ({ target = 0 }: Pick<Running, 'target'>): number => target + 1;

const allows = ({ of }: Pick<Running, 'of'>, cause: FallbackCause): boolean =>
  (of.policy.fallbackOn ?? defaultFallbackCauses).includes(cause);

/** A failure of one key is no cause while the pool's other keys may still serve the task. */
function causeOf({ code, outage, retryable }: TaskError, isLast: boolean): FallbackCause | undefined {
  if (isProviderFailure(code) && outage !== true && !isLast) return undefined;
  return isKeyFailure(code) && retryable ? undefined : causes[code];
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
    case 'TenantLimit':
      return undefined;
    default:
      return reason satisfies never;
  }
}
