// What the Deployment of a pool's workers gets from the installation's template beside its pods.
import { expect, test } from 'vitest';
import { anOperator, aWorld, childrenIn, putPool } from './stage.ts';

test("annotations, strategy and history of the workers' Deployments are those of the installation's template", async () => {
  const world = aWorld();
  putPool(world);
  const deployment = { annotations: { note: 'here' }, strategy: { type: 'Recreate' }, revisionHistoryLimit: 3 };
  const pods = { containers: [{ name: 'worker', image: 'genwarden:test' }] };
  await anOperator(world, { workerTemplate: { deployment, spec: pods } });
  const made = childrenIn(world).deployment;
  expect(made.metadata.annotations).toEqual({ note: 'here' });
  expect(made.spec).toMatchObject({ strategy: { type: 'Recreate' }, revisionHistoryLimit: 3 });
  expect(made.spec.template).not.toHaveProperty('deployment');
});
