// Resolves a job's fallbacks at submit: to pools and models that exist, without a loop. A target's own fallbacks are never
// followed.

import { GenwardenError } from '../../job/errors/index.ts';
import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import type { FallbackRequest, JobKind, Target } from '../../job/policy.ts';
import type { PoolRegistry } from '../../ports/poolRegistry.ts';
import type { Follower } from '../../readmodel/follower.ts';
import { placementOf, type Placement } from './placement.ts';

export interface FallbackContext {
  readonly pools: Pick<PoolRegistry, 'find' | 'list'>;
  readonly follower: Pick<Follower, 'ready'>;
}

interface Wanted {
  readonly kind: JobKind;
  readonly tenant: string;
  readonly primary: Placement;
  /** The job's own fallbacks, which replace those of its pool; undefined in place of one that does not concern the kind. */
  readonly requested: readonly (FallbackRequest | undefined)[] | undefined;
}

/**
 * Throws for a requested fallback that is not possible, with its path in `errors`. A fallback of the pool that is not possible
 * at the moment is left out.
 */
export function fallbacksOf(context: FallbackContext, wanted: Wanted): readonly Target[] {
  const { requested, primary } = wanted;
  const targets: Target[] = [];
  const earlier = (target: Target): string | undefined => placeOf(target, primary, targets);
  if (requested === undefined) {
    for (const request of primary.pool.policy.fallback ?? []) {
      const target = targetOrUndefined(context, wanted, request);
      if (target !== undefined && earlier(target) === undefined) targets.push(target);
    }
    return targets;
  }
  for (const [at, request] of requested.entries()) {
    if (request === undefined) continue;
    const path = `policy.fallback[${at}]`;
    const target = targetWithPath(context, wanted, request, path);
    const same = earlier(target);
    if (same !== undefined) {
      throw invalidRequest([{ path, message: `is ${target.model} of pool ${target.pool}, like ${same}` }]);
    }
    targets.push(target);
  }
  return targets;
}

/** Whether the fallback leads to a model of the kind. */
export function hasModelFor(context: FallbackContext, wanted: Wanted, request: FallbackRequest): boolean {
  try {
    targetOf(context, wanted, request);
    return true;
  } catch (error) {
    return !(error instanceof GenwardenError) || error.code !== 'ModelNotInPool';
  }
}

function placeOf({ pool, model }: Target, primary: Placement, targets: readonly Target[]): string | undefined {
  if (pool === primary.pool.name && model === primary.model) return 'the job itself';
  const at = targets.findIndex((target) => target.pool === pool && target.model === model);
  return at < 0 ? undefined : `policy.fallback[${at}]`;
}

function targetOf({ pools, follower }: FallbackContext, wanted: Wanted, { pool, model }: FallbackRequest): Target {
  const { kind, tenant, primary } = wanted;
  const request = { kind, pool: pool ?? primary.pool.name, ...(model === undefined ? {} : { model }) };
  const placement = placementOf(request, pools, follower, tenant);
  return { pool: placement.pool.name, model: placement.model };
}

function targetOrUndefined(context: FallbackContext, wanted: Wanted, request: FallbackRequest): Target | undefined {
  try {
    return targetOf(context, wanted, request);
  } catch (error) {
    if (error instanceof GenwardenError) return undefined;
    throw error;
  }
}

function targetWithPath(context: FallbackContext, wanted: Wanted, request: FallbackRequest, path: string): Target {
  try {
    return targetOf(context, wanted, request);
  } catch (error) {
    if (!(error instanceof GenwardenError) || error.code === 'NotReady') throw error;
    const field = error.code === 'ModelNotInPool' && request.model !== undefined ? 'model' : 'pool';
    const errors = [{ path: `${path}.${field}`, message: error.message }];
    throw new GenwardenError(error.code, error.message, { cause: error, details: { ...error.details, errors } });
  }
}
