// The exemplars of a worker: the traces that are recorded, and no others.

import { expect, test } from 'vitest';
import { expose } from '../../../src/telemetry/exposition.ts';
import { made } from '../../fakes/provider.ts';
import { startWorld } from '../../fakes/workerWorld.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

test.each([
  ['sampled', '01', [traceId]],
  ['not sampled', '00', []],
])('the duration of an attempt refers to its trace if that is %s', async (_name, flags, shown) => {
  const { worker, log, registry, submit } = startWorld(() => Promise.resolve(made()), { models: ['m'] });
  const { task } = submit({ of: { trace: `00-${traceId}-00f067aa0ba902b7-${flags}` } });
  await log.reached(task, 'succeeded');
  await worker.drain();
  const { body } = await expose(registry, 'application/openmetrics-text');
  const exemplars = body.matchAll(/^genwarden_attempt_duration_seconds_bucket.* # \{trace_id="(\w+)"\}/gm);
  expect([...exemplars].map(([, id]) => id)).toEqual(shown);
});
