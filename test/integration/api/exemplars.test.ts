// Exemplars name the trace of a submit in every process that measures its request or its job, for those who ask for OpenMetrics.

import { expect, test } from 'vitest';
import { anImage } from '../../support/installation.ts';
import type { TestProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';
import { startWorld, type FaultWorld } from '../../faults/support/world.ts';

const sampled = '4bf92f3577b34da6a3ce929d0e0e4736';
const unsampled = '0af7651916cd43dd8448eb211c80319c';
const openMetrics = 'application/openmetrics-text; version=1.0.0';

const measuredBy = {
  api: 'genwarden_http_request_duration_seconds',
  worker: 'genwarden_attempt_duration_seconds',
  controller: 'genwarden_task_duration_seconds',
} as const;

test('the trace of a submit is an exemplar of its request, its attempt and its task', async () => {
  const world = await startWorld();
  await submit(world, unsampled, '00');
  await submit(world, sampled, '01');
  for (const [name, histogram] of Object.entries(measuredBy)) {
    const process = world.first[name as keyof typeof measuredBy];
    const form = new RegExp(
      `^${histogram}_bucket\\{.*\\} [\\d.]+ # \\{trace_id="${sampled}"\\} [\\d.e-]+ [\\d.]+$`,
      'm',
    );
    const page = await until(async () => (await metricsOf(process, openMetrics)).match(form)?.input, {
      what: `the exemplar of ${histogram}`,
      timeoutMs: 30_000,
    });
    expect(page).toMatch(/^# EOF$/m);
    // A link to a trace that no receiver has would lead nowhere.
    expect(page).not.toContain(unsampled);
    expect(await metricsOf(process, 'text/plain')).not.toContain('trace_id');
  }
});

async function submit({ url, client }: FaultWorld, trace: string, flags: string): Promise<void> {
  const response = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${trace}-00f067aa0ba902b7-${flags}` },
    body: JSON.stringify(anImage('a front yard')),
  });
  expect(response.headers.get('traceparent')).toMatch(new RegExp(`^00-${trace}-`));
  const { id } = (await response.json()) as { id: string };
  expect((await client.wait(id)).state).toBe('succeeded');
}

async function metricsOf(process: TestProcess, accept: string): Promise<string> {
  const [, address] = /metrics on (http:[^"\s]+)/.exec(await process.waitForLine(/metrics on/))!;
  // As Prometheus asks: a controller adds to its counters in its scrapes.
  const headers = { accept, 'x-prometheus-scrape-timeout-seconds': '10' };
  return (await fetch(address!, { headers })).text();
}
