// Chooses the pool and the model of a job.

import { GenwardenError } from '../../job/errors/index.ts';
import type { Follower } from '../../readmodel/follower.ts';
import type { PoolDeclaration, PoolRegistry } from '../../ports/poolRegistry.ts';
import type { SubmitBody } from './body.ts';

export interface Placement {
  readonly pool: PoolDeclaration;
  readonly model: string;
}

/**
 * Throws `PoolNotFound` or `ModelNotInPool` with the known names, `PoolNotAllowed` if the pool does not serve this tenant, or
 * `NotReady` before this process has received the pools.
 */
export function placementOf(
  { kind, pool: name = 'default', model }: SubmitBody,
  pools: Pick<PoolRegistry, 'find' | 'list'>,
  follower: Pick<Follower, 'ready'>,
  tenant: string,
): Placement {
  const pool = pools.find(name);
  if (pool === undefined) throw poolNotFound(name, tenant, pools, follower);
  if (!isOpenTo(pool, tenant)) throw poolNotAllowed(name, tenant, pools);
  const models = pool.models[kind];
  const chosen = model ?? models[0];
  if (chosen !== undefined && models.includes(chosen)) return { pool, model: chosen };
  const offers = models.length === 0 ? `none for kind ${kind}` : models.join(', ');
  const what = model === undefined ? 'a model' : `the model ${model}`;
  throw new GenwardenError(
    'ModelNotInPool',
    `Pool ${name} does not offer ${what} for kind ${kind}; it offers ${offers}`,
    {
      details: { known: models },
    },
  );
}

const isOpenTo = ({ tenants }: PoolDeclaration, tenant: string): boolean => tenants?.includes(tenant) ?? true;

function poolNotAllowed(name: string, tenant: string, pools: Pick<PoolRegistry, 'list'>): GenwardenError {
  const { known, list } = poolsFor(tenant, pools);
  const message = `Pool ${name} does not accept jobs of ${tenant}; ${list}`;
  return new GenwardenError('PoolNotAllowed', message, { details: { known } });
}

function poolsFor(tenant: string, pools: Pick<PoolRegistry, 'list'>): { known: string[]; list: string } {
  const known = pools.list().flatMap((pool) => (isOpenTo(pool, tenant) ? pool.name : []));
  return { known, list: known.length === 0 ? 'no pool is available' : `available: ${known.join(', ')}` };
}

function poolNotFound(
  name: string,
  tenant: string,
  pools: Pick<PoolRegistry, 'list'>,
  follower: Pick<Follower, 'ready'>,
): GenwardenError {
  const { known, list } = poolsFor(tenant, pools);
  if (pools.list().length === 0 && !follower.ready().ready) {
    return new GenwardenError('NotReady', 'This API process has not received the pools yet');
  }
  return new GenwardenError('PoolNotFound', `There is no pool ${name}; ${list}`, { details: { known } });
}
