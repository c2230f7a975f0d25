// Which pool and model a job goes to.

import { GenwardenError } from '../../job/errors.ts';
import type { Follower } from '../../readmodel/follower.ts';
import type { PoolDeclaration, PoolRegistry } from '../../ports/poolRegistry.ts';
import type { SubmitBody } from './body.ts';

export interface Placement {
  readonly pool: PoolDeclaration;
  readonly model: string;
}

/** Throws `PoolNotFound` or `ModelNotInPool` with the known ones; `NotReady` while this process knows no pool yet. */
export function placementOf(
  { kind, pool: name = 'default', model }: SubmitBody,
  pools: Pick<PoolRegistry, 'find' | 'list'>,
  follower: Pick<Follower, 'ready'>,
): Placement {
  const pool = pools.find(name);
  if (pool === undefined) throw poolNotFound(name, pools, follower);
  const models = pool.models[kind];
  const chosen = model ?? models[0];
  if (chosen !== undefined && models.includes(chosen)) return { pool, model: chosen };
  const offers = models.length === 0 ? `none for kind ${kind}` : models.join(', ');
  const what = model === undefined ? 'a model' : `the model ${model}`;
  throw new GenwardenError('ModelNotInPool', `Pool ${name} does not offer ${what} for kind ${kind}; it has ${offers}`, {
    details: { known: models },
  });
}

function poolNotFound(
  name: string,
  pools: Pick<PoolRegistry, 'list'>,
  follower: Pick<Follower, 'ready'>,
): GenwardenError {
  const known = pools.list().map((pool) => pool.name);
  if (known.length === 0 && !follower.ready().ready) {
    return new GenwardenError('NotReady', 'The API does not know the pools yet');
  }
  const list = known.length === 0 ? 'there is none yet' : `there are ${known.join(', ')}`;
  return new GenwardenError('PoolNotFound', `There is no pool ${name}; ${list}`, { details: { known } });
}
