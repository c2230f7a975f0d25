// The shared situation itself: Prometheus scrapes every process of it, and every rule can be evaluated.

import { expect, test } from 'vitest';
import { sharedSituation } from './situation/shared.ts';

test('every process answers its scrapes, and every rule can be evaluated', async () => {
  const { prometheus, facts } = await sharedSituation();
  console.log(`seconds: ${JSON.stringify(facts.took)}`);
  const targets = await prometheus.targets();
  expect(targets.length).toBe(10);
  expect(targets.filter(({ health }) => health !== 'up')).toEqual([]);
  const rules = (await prometheus.rules()).flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(20);
  expect(rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`)).toEqual(
    [],
  );
});
