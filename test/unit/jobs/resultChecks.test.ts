// The check of a job's results is resolved at submit: each pool that may run the job needs a text model for it.
import { expect, test } from 'vitest';
import type { PolicyRequest } from '../../../src/job/policy.ts';
import { resultChecks } from '../../../src/jobs/submit/resultChecks.ts';
import type { PoolDeclaration } from '../../../src/ports/poolRegistry.ts';
import { fakePoolRegistry } from '../../fakes/poolRegistry.ts';

const check = { prompt: 'Is anything red?' };
const offer = { provider: 'gemini', models: { image: ['painter'], text: ['writer', 'judge'] }, policy: {} };

interface Fallback {
  readonly pool: string;
  readonly path?: string;
}

async function resolve(requested: PolicyRequest, defaults: PolicyRequest = {}, fallbacks: readonly Fallback[] = []) {
  const pools = fakePoolRegistry();
  const pool: PoolDeclaration = { ...offer, name: 'default', policy: defaults };
  await pools.declare(pool);
  await pools.declare({ ...offer, name: 'others', models: { image: ['painter'], text: ['reader'] } });
  await pools.declare({ ...offer, name: 'pictures', models: { image: ['painter'], text: [] } });
  const own = { pool: 'default', model: 'painter' };
  const places = [own, ...fallbacks.map((fallback) => ({ ...fallback, model: 'painter' }))];
  return resultChecks(pools, { requested, pool, places });
}

test("without a model it is the pool's first text model", async () => {
  expect((await resolve({ check })).check).toMatchObject({ ...check, models: { default: 'writer' } });
  expect((await resolve({ check: { ...check, model: 'judge' } })).check!.models).toEqual({ default: 'judge' });
});

test("the pool's check is the default, and that of the job replaces it", async () => {
  const defaults = { check: { prompt: 'Is it blurred?', model: 'judge' } };
  expect((await resolve({}, defaults)).check).toMatchObject({ prompt: 'Is it blurred?', models: { default: 'judge' } });
  expect((await resolve({ check }, defaults)).check).toMatchObject({ ...check, models: { default: 'writer' } });
  expect((await resolve({ review: 'never' }, defaults)).check).toBeUndefined();
  expect((await resolve({ review: 'onFlag' })).check).toBeUndefined();
});

test('each pool of a fallback has its model: the same if it offers it, else its first', async () => {
  const fallbacks = [{ pool: 'default' }, { pool: 'others' }];
  const { check: resolved, places } = await resolve({ check: { ...check, model: 'judge' } }, {}, fallbacks);
  expect(resolved!.models).toEqual({ default: 'judge', others: 'reader' });
  expect(places.map(({ pool }) => pool)).toEqual(['default', 'default', 'others']);
});

test('a fallback of the pool that could not check is left out, one of the job is refused', async () => {
  const { check: resolved, places } = await resolve({ check }, {}, [{ pool: 'pictures' }]);
  expect([resolved!.models, places.map(({ pool }) => pool)]).toEqual([{ default: 'writer' }, ['default']]);
  const asked = [{ pool: 'pictures', path: 'policy.fallback[0]' }];
  await expect(resolve({ check }, {}, asked)).rejects.toMatchObject({
    code: 'InvalidRequest',
    details: { errors: [{ path: 'policy.fallback[0]', message: expect.stringContaining('no text model') }] },
  });
});

test.each<[string, PolicyRequest, PolicyRequest, string, RegExp]>([
  [
    'an unknown model',
    { check: { ...check, model: 'x' } },
    {},
    'policy.check.model',
    /does not offer the text model x/,
  ],
  ['an image model', { check: { ...check, model: 'painter' } }, {}, 'policy.check.model', /it offers writer, judge/],
  ['review never', { check, review: 'never' }, {}, 'policy.check', /no effect with policy.review never; set/],
  ["the pool's review never", { check }, { review: 'never' }, 'policy.check', /never, the default of pool default;/],
  [
    "the pool's model",
    {},
    { check: { ...check, model: 'x' } },
    'policy.check.model',
    /which its own policy.check names/,
  ],
])('refuses %s', async (_what, requested, defaults, path, message) => {
  await expect(resolve(requested, defaults)).rejects.toMatchObject({
    details: { errors: [{ path, message: expect.stringMatching(message) }] },
  });
});
