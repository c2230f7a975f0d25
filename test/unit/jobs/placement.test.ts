// The pool of a job must exist and be open to the tenant.
import { expect, test } from 'vitest';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';
import { placementOf } from '../../../src/jobs/submit/placement.ts';

const follower = { ready: () => ({ ready: true, reason: '' }) };

test('a pool with tenants refuses all others, and names the pools that would take them', async () => {
  const pools = fakePoolRegistry();
  const offer = { provider: 'gemini', models: { image: ['painter'], text: [] }, policy: {} };
  await pools.declare({ name: 'studio', ...offer, tenants: ['studio', 'press'] });
  await pools.declare({ name: 'everyone', ...offer });
  const placed = (tenant: string, pool: string) => placementOf({ kind: 'image', pool }, pools, follower, tenant);
  expect(placed('press', 'studio')).toMatchObject({ pool: { name: 'studio' }, model: 'painter' });
  expect(placed('guest', 'everyone').model).toBe('painter');
  const known = { known: ['everyone'] };
  expect(() => placed('guest', 'studio')).toThrow(
    expect.objectContaining({ code: 'PoolNotAllowed', message: expect.stringContaining('guest'), details: known }),
  );
  expect(() => placed('guest', 'nowhere')).toThrow(expect.objectContaining({ code: 'PoolNotFound', details: known }));
});
