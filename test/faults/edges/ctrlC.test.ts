// `genwarden dev` is stopped from the terminal while a result is about to arrive: its nats-server stops last, so the result is
// on record. The signals go to a real process group, as a terminal sends them.

import { onTestFinished, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { GenwardenClient } from '../../../src/client/index.ts';
import { freePort } from '../../support/freePorts.ts';
import { anImage } from '../../support/installation.ts';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { addEdgeRow } from './edgeRows.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));

interface Dev {
  readonly dev: TestProcess;
  readonly client: GenwardenClient;
}

it('records a result that arrives a second after Ctrl-C, after Ctrl-C forwarded by npm, and after the terminal closed', async () => {
  const endings = { 'Ctrl-C': ['SIGINT'], 'Ctrl-C, forwarded': ['SIGINT', 'SIGINT'], 'terminal closed': ['SIGHUP'] };
  const jobs = await Promise.all(
    Object.values(endings).map((signals) => stopWhileRunning(signals as NodeJS.Signals[])),
  );
  expect(jobs.map(({ state, tasks }) => `${state} in attempt ${tasks![0]!.attempt}`)).toEqual(
    jobs.map(() => 'succeeded in attempt 1'),
  );
  const lost = jobs.filter(({ state }) => state !== 'succeeded').length;
  addEdgeRow({
    fault: 'Ctrl-C in dev, a result underway',
    jobs: jobs.length,
    terminal: jobs.length - lost,
    lost,
    overdueMs: Math.max(0, ...jobs.map(({ finishedAt, dueAt }) => Date.parse(finishedAt!) - Date.parse(dueAt))),
    innocentsHarmed: jobs.filter(({ tasks }) => tasks!.some(({ attempt }) => attempt > 1)).length,
    recoveredAfterMs: undefined,
  });
});

/** The job as the next start finds it. */
async function stopWhileRunning(signals: readonly NodeJS.Signals[]) {
  const folder = await tempFolder('dev');
  onTestFinished(() => folder.remove());
  const first = await startDev(folder.path);
  const { id, deadlineAt } = await first.client.submit(anImage('a front yard'));
  await until(async () => (await first.client.get(id)).state === 'running', { what: 'the task to run' });
  const stoppedAt = Date.now();
  for (const signal of signals) process.kill(-first.dev.pid, signal);
  expect((await first.dev.exited).code).toBe(0);
  const again = await startDev(folder.path);
  const job = await again.client.get(id);
  expect(Date.parse(job.finishedAt!)).toBeGreaterThan(stoppedAt);
  await again.dev.stop();
  return { ...job, dueAt: deadlineAt };
}

/** In a separate process group, as a shell starts it at a terminal. */
async function startDev(folder: string): Promise<Dev> {
  const port = await freePort();
  const env = {
    GENWARDEN_DATA_DIR: folder,
    GENWARDEN_HTTP_PORT: String(port),
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_STANDIN_LATENCY: '1500ms',
    GENWARDEN_NATS_SERVER: undefined,
  };
  const dev = await startProcess('setsid', [program, 'dev'], { env, readyWhen: /ready: try/, timeoutMs: 30_000 });
  return { dev, client: new GenwardenClient({ url: `http://127.0.0.1:${port}` }) };
}
