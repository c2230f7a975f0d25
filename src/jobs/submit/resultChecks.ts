// Resolves the check of a job's results at submit: the text model of each pool that may run the job.

import { GenwardenError } from '../../job/errors/index.ts';
import { invalidRequest } from '../../job/errors/invalidRequest.ts';
import { reviewOf, type PolicyRequest, type Target } from '../../job/policy.ts';
import { answerSchema, type CheckRequest, type ResultCheck } from '../../job/resultCheck.ts';
import type { PoolDeclaration, PoolRegistry } from '../../ports/poolRegistry.ts';

/** A place where the job may run. */
interface Place extends Target {
  /** Its place in the body, if the client asked for it as a fallback. */
  readonly path?: string;
}

interface Wanted<P extends Place> {
  /** The policy in the body. */
  readonly requested: PolicyRequest;
  readonly pool: PoolDeclaration;
  /** The job's own pool and model, then its fallbacks. */
  readonly places: readonly P[];
}

interface Checked<P extends Place> {
  readonly check?: ResultCheck;
  /** Without fallbacks of the pool that could not check a result. */
  readonly places: readonly P[];
}

/** The check that the job asks for, or its pool's; undefined if its results are not reviewed. Throws `InvalidRequest`. */
export function checkRequestOf(requested: PolicyRequest, pool: PoolDeclaration): CheckRequest | undefined {
  const merged = { ...pool.policy, ...requested };
  if (reviewOf(merged) !== 'never') return merged.check;
  if (requested.check === undefined) return undefined;
  const whose = requested.review === undefined ? `, the default of pool ${pool.name}` : '';
  const message = `has no effect with policy.review never${whose}; set policy.review to onFlag or always`;
  throw invalidRequest([{ path: 'policy.check', message }]);
}

/** Throws `InvalidRequest` or `ModelNotInPool` if a pool that may run the job has no model to check its results. */
export function resultChecks<P extends Place>(
  pools: Pick<PoolRegistry, 'find'>,
  { requested, pool, places }: Wanted<P>,
): Checked<P> {
  const request = checkRequestOf(requested, pool);
  if (request === undefined) return { places };
  const { prompt, schema = answerSchema } = request;
  const models: Record<string, string> = { [pool.name]: ownModel(request, pool, requested.check !== undefined) };
  const able = places.filter((place) => {
    if (Object.hasOwn(models, place.pool)) return true;
    const texts = pools.find(place.pool)?.models.text ?? [];
    const model = request.model !== undefined && texts.includes(request.model) ? request.model : texts[0];
    if (model === undefined && place.path !== undefined) throw withoutTextModel(place.pool, place.path);
    if (model !== undefined) models[place.pool] = model;
    return model !== undefined;
  });
  return { check: { prompt, schema, models }, places: able };
}

/** A pool's own check that is not possible is refused too: leaving it out would let flawed results pass. */
function ownModel({ model }: CheckRequest, { name, models }: PoolDeclaration, isOfJob: boolean): string {
  const chosen = model ?? models.text[0];
  if (chosen !== undefined && models.text.includes(chosen)) return chosen;
  const offers = models.text.length === 0 ? 'none' : models.text.join(', ');
  const what = model === undefined ? 'a text model' : `the text model ${model}`;
  const whose = isOfJob ? '' : ', which its own policy.check names';
  const message = `Pool ${name} does not offer ${what} to check results${whose}; it offers ${offers}`;
  const path = model === undefined ? 'policy.check' : 'policy.check.model';
  const errors = [{ path, message }];
  throw new GenwardenError('ModelNotInPool', message, { details: { known: models.text, errors } });
}

function withoutTextModel(pool: string, path: string): GenwardenError {
  return invalidRequest([{ path, message: `is of pool ${pool}, which has no text model to check results` }]);
}
