// What the counters of the leading controller have besides their values: zeros, exemplars, and log lines.

import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reconciledRules } from '../../../src/controller/metrics/zeros.ts';
import { succeeded } from '../../../src/job/transitions.ts';
import { expose } from '../../../src/telemetry/exposition.ts';
import { metric, Stage, taskOf } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.close());

test('a violated invariant is counted, and logged with its task', async () => {
  const one = await stage.startController('one');
  const { running } = stage.startTask(0);
  stage.log.append(succeeded(running, stage.clock.now()));
  stage.log.append(running);
  await stage.clock.advance(1_000);
  const violations = 'genwarden_invariant_violations_total';
  expect(await metric(one.registry, violations, { invariant: 'TerminalTaskChanged' })).toBe(1);
  const line = one.lines.find(({ event }) => event === 'invariant_violated');
  expect(line).toMatchObject({ invariant: 'TerminalTaskChanged', job: running.of.job, task: 0, run: 1 });
});

test('the duration of a traced task has the trace as its exemplar', async () => {
  const one = await stage.startController('one');
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const of = taskOf({ trace: `00-${traceId}-00f067aa0ba902b7-01` });
  const { running } = stage.startTask(0, 'worker-1', of);
  stage.log.append(succeeded(running, stage.clock.now()));
  await stage.clock.advance(1_000);
  const { body } = await expose(one.registry, 'application/openmetrics-text');
  expect(body).toMatch(new RegExp(`^genwarden_task_duration_seconds_bucket.* # \\{trace_id="${traceId}"\\}`, 'm'));
});

test('every rule that writes has series from the start', async () => {
  const folder = new URL('../../../src/job/rules/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, folder), 'utf8')));
  const written = texts.flatMap((text) => [...text.matchAll(/rule: '(\w+)'/g)].map(([, rule]) => rule!));
  expect(written.length).toBeGreaterThan(8);
  expect(reconciledRules).toEqual(expect.arrayContaining(written));
});
