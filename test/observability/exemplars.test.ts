// Exemplars arrive at Prometheus with the traces of the callers that submitted the jobs.

import { expect, test } from 'vitest';
import { sharedSituation } from './situation/shared.ts';

const metrics = [
  'genwarden_task_duration_seconds',
  'genwarden_attempt_duration_seconds',
  'genwarden_http_request_duration_seconds',
];

test.each(metrics)(
  '%s',
  async (metric) => {
    const { prometheus, facts } = await sharedSituation();
    const series = await prometheus.exemplars(`${metric}_bucket`);
    const traces = new Set(series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['trace_id']!)));
    console.log(`${metric}: ${traces.size} traces, such as ${[...traces][0]}`);
    expect(traces.size).toBeGreaterThan(0);
    expect([...traces].filter((trace) => !facts.traceIds.includes(trace))).toEqual([]);
  },
  240_000,
);
