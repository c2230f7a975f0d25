// What `get` shows of a running task's phase.

import { expect, test } from 'vitest';
import { FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { runCommand } from '../../support/commandLine.ts';

test('what a worker does for a running task is the reason of its state', async () => {
  await using api = await FakeApi.start();
  const phase = 'reading reference 3 of 14 from the artifact store';
  api.put(fakeJob('job1', [fakeTask(0, 'running', { phase }), fakeTask(1, 'running')]));
  api.put(fakeJob('job2', [fakeTask(0, 'running', { phase: 'waiting for the provider' })]));
  expect((await runCommand(['get', 'job1'], { env: api.env })).stdout).toMatch(
    / {2}REASON\n.* {2}reading reference 3 of 14 from the artifact store\n.* {2}Claimed\n/,
  );
  expect((await runCommand(['get', 'job2'], { env: api.env })).stdout).toMatch(
    / {2}REASON\n.* {2}waiting for the provider\n/,
  );
});
