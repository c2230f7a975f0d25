// A job's fallbacks are resolved at submit: to existing pools and models, without a loop, and never through a target's own.
import { expect, test } from 'vitest';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';
import type { FallbackRequest } from '../../../src/job/policy.ts';
import { fallbacksOf } from '../../../src/jobs/submit/fallbacks.ts';
import { placementOf } from '../../../src/jobs/submit/placement.ts';

const follower = { ready: () => ({ ready: true, reason: '' }) };
const offer = { provider: 'gemini', models: { image: ['painter', 'sketcher'], text: ['writer'] }, policy: {} };

async function resolve(requested: FallbackRequest[] | undefined, defaults?: FallbackRequest[]) {
  const pools = fakePoolRegistry();
  await pools.declare({ ...offer, name: 'default', policy: defaults === undefined ? {} : { fallback: defaults } });
  await pools.declare({ ...offer, name: 'spare', policy: { fallback: [{ pool: 'default' }] } });
  await pools.declare({ ...offer, name: 'texts', models: { image: [], text: ['writer'] } });
  await pools.declare({ ...offer, name: 'closed', tenants: ['press'] });
  const primary = placementOf({ kind: 'image', pool: 'default' }, pools, follower, 'guest');
  return fallbacksOf({ pools, follower }, { kind: 'image', tenant: 'guest', primary, requested });
}

test("a pool stands for its first model of the kind, and a model for one of the job's own pool", async () => {
  const targets = await resolve([{ model: 'sketcher' }, { pool: 'spare' }, { pool: 'spare', model: 'sketcher' }]);
  expect(targets).toEqual([
    { pool: 'default', model: 'sketcher' },
    { pool: 'spare', model: 'painter' },
    { pool: 'spare', model: 'sketcher' },
  ]);
});

test("the job's fallbacks replace those of its pool, and a target's own fallbacks are not followed", async () => {
  expect(await resolve(undefined, [{ pool: 'spare' }])).toEqual([{ pool: 'spare', model: 'painter' }]);
  expect(await resolve([{ model: 'sketcher' }], [{ pool: 'spare' }])).toEqual([{ pool: 'default', model: 'sketcher' }]);
  expect(await resolve(undefined)).toEqual([]);
});

test("a pool's fallback that is not possible at the moment is left out", async () => {
  const defaults = [
    { pool: 'nowhere' },
    { pool: 'texts' },
    { pool: 'closed' },
    { pool: 'default' },
    { model: 'writer' },
    { pool: 'spare' },
    { pool: 'spare', model: 'painter' },
  ];
  expect(await resolve(undefined, defaults)).toEqual([{ pool: 'spare', model: 'painter' }]);
});

const refusals: [what: string, requested: FallbackRequest[], code: string, path: string][] = [
  ['an unknown pool', [{ pool: 'nowhere' }], 'PoolNotFound', 'policy.fallback[0].pool'],
  ['a pool of another tenant', [{ pool: 'closed' }], 'PoolNotAllowed', 'policy.fallback[0].pool'],
  ['a pool without the kind', [{ pool: 'texts' }], 'ModelNotInPool', 'policy.fallback[0].pool'],
  ['a model of another kind', [{ pool: 'spare' }, { model: 'writer' }], 'ModelNotInPool', 'policy.fallback[1].model'],
  ['the job itself', [{ pool: 'default' }], 'InvalidRequest', 'policy.fallback[0]'],
  ['an earlier one', [{ pool: 'spare' }, { pool: 'spare', model: 'painter' }], 'InvalidRequest', 'policy.fallback[1]'],
];

test.each(refusals)('refuses %s, with its path', async (_what, requested, code, path) => {
  await expect(resolve(requested)).rejects.toMatchObject({
    code,
    details: { errors: [{ path, message: expect.any(String) }] },
  });
});
