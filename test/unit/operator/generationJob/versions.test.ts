// A GenerationJob that is written in another version of the group, or read by a later release, is the same one: not paid again.
import { expect, test } from 'vitest';
import { jobIdOfOwner } from '../../../../src/jobs/submit/index.ts';
import { findEarlierRun, rememberRun } from '../../../../src/operator/generationJob/earlierRun.ts';
import type { GenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import { fakeTombstones } from '../../../fakes/tombstones.ts';

const resource = (version: string, uid: string, spec: object = {}): GenerationJob =>
  ({
    apiVersion: `genwarden.dev/${version}`,
    kind: 'GenerationJob',
    metadata: { name: 'yard', namespace: 'shop', uid, resourceVersion: '1', creationTimestamp: '2026-11-29T00:00:00Z' },
    spec: { kind: 'image', input: { prompt: 'a yard' }, ...spec },
    status: { jobId: jobIdOfOwner('first'), state: 'succeeded' },
  }) as unknown as GenerationJob;

test('its earlier run is found, whichever version it is applied in', async () => {
  const tombstones = fakeTombstones();
  await rememberRun(tombstones, resource('v1alpha1', 'first'));
  expect(await findEarlierRun(tombstones, resource('v1beta1', 'second'))).toMatchObject({ job: jobIdOfOwner('first') });
  expect(await findEarlierRun(tombstones, resource('v1', 'third'))).toMatchObject({ job: jobIdOfOwner('first') });
  expect(await findEarlierRun(tombstones, resource('v1beta1', 'fourth', { model: 'm' }))).toBeUndefined();
});

/**
 * Tombstones of the release before must be found after an upgrade. A new field of the spec changes this key if it has a default: then
 * leave the field out of the key while it has its default.
 */
test('the key of a tombstone is that of the release before', async () => {
  const keys: string[] = [];
  const tombstones = fakeTombstones();
  const recorded = { ...tombstones, put: async (key: string) => void keys.push(key) };
  await rememberRun(recorded, resource('v1alpha1', 'first'));
  expect(keys).toEqual(['shop/yard/sha256:247a212f9ee7c9005065d141f811a8d7ecda95bea9e2af469b7f54f959c9c617']);
});
