// Receivers of traces that fail: nothing waits for them.

import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../support/freePorts.ts';
import { startMuteReceiver } from '../../support/otelCollector.ts';
import type { TestProcess } from '../../support/process.ts';
import { Site } from '../../support/site/site.ts';
import { until } from '../../support/until.ts';

const jobs = 40;
const warning = /traces_undeliverable/;

const receivers = [
  // It accepts and never answers. Its time limit is longer than the test, so a process that waits for it fails the test.
  ['hangs', async () => (await mute()).url, { OTEL_EXPORTER_OTLP_TIMEOUT: '600000' }],
  ['is away', async () => `http://127.0.0.1:${await freePort()}`, { OTEL_EXPORTER_OTLP_TIMEOUT: '200' }],
] as const;

test.each(receivers)('a receiver that %s: jobs proceed, and processes end', async (name, urlOf, env) => {
  const site = await Site.start({
    env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: await urlOf(), OTEL_BSP_SCHEDULE_DELAY: '50' },
  });
  onTestFinished(() => site[Symbol.asyncDispose]());
  const ids = await Promise.all(
    Array.from({ length: jobs }, async (_, at) => {
      const { id } = await site.client.submit({ kind: 'image', input: { prompt: `A yard, plan ${at}` } });
      return id;
    }),
  );
  const ended = await Promise.all(ids.map((id) => site.client.wait(id)));
  const succeeded = ended.filter(({ state, traceId }) => state === 'succeeded' && traceId !== null).length;
  expect(succeeded).toBe(jobs);
  const processes: TestProcess[] = [site.api, site.controller, ...site.workers.values()];
  const warned = (process: TestProcess): number => process.lines.filter((line) => warning.test(line)).length;
  if (name === 'is away') await until(() => warned(site.api) === 1, { what: 'a warning', timeoutMs: 60_000 });
  for (const process of processes) process.kill('SIGTERM');
  // Nobody kills them: they end by themselves.
  for (const process of processes) expect(await process.exited).toMatchObject({ code: 0, signal: null });
  for (const process of processes) expect(warned(process)).toBeLessThanOrEqual(1);
  console.log(`a receiver that ${name}: ${succeeded} of ${jobs} jobs succeeded, ${processes.length} processes ended`);
});

async function mute(): Promise<{ readonly url: string }> {
  const receiver = await startMuteReceiver();
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  return receiver;
}
