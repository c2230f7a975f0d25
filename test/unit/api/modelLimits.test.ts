// GET /v1/pools lists what each model takes, with the limits that hold for every model.
import { expect, test } from 'vitest';
import { poolListSchema } from '../../../src/api/view/poolSchemas.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';

test('each model of a pool has its ratios, its sizes and its limits on references', async () => {
  await using world = await apiWorld();
  const { json } = await world.get('/v1/pools');
  const { modelLimits, models } = poolListSchema.parse(json).items.find(({ name }) => name === 'default')!;
  expect(Object.keys(modelLimits)).toEqual([...models.image, ...models.text]);
  expect(modelLimits['gemini-3-pro-image']).toMatchObject({
    references: 14,
    referenceBytes: 7_000_000,
    imageSizes: ['1K', '2K', '4K'],
    lacks: [],
  });
  expect(modelLimits['gemini-3.1-flash-image']?.aspectRatios).toContain('1:8');
});
