// The series of a worker that begin at 0, and the models that become labels.

import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { methodLabel, modelLabel, modelLabels } from '../../../src/telemetry/labels.ts';
import { createWorkerMetrics } from '../../../src/telemetry/metrics.ts';
import { attemptOutcomes, beginAtZero } from '../../../src/worker/beginAtZero.ts';
import type { WorkerOptions } from '../../../src/worker/options.ts';
import { startWorld } from '../../fakes/workerWorld.ts';

const listed = Array.from({ length: 60 }, (_, at) => `model-${at}`);

async function begun(over: Partial<Pick<WorkerOptions, 'models' | 'prices'>> = {}): Promise<string> {
  const registry = new Registry();
  const provider = { name: 'gemini' };
  beginAtZero({ metrics: createWorkerMetrics(registry), pool: 'default', provider, models: ['m'], ...over });
  return registry.metrics();
}

test('each outcome, cause and usual code of a model begins at 0', async () => {
  const text = await begun();
  const model = 'provider="gemini",model="m"';
  for (const outcome of attemptOutcomes) {
    expect(text).toContain(`genwarden_attempts_total{pool="default",${model},outcome="${outcome}"} 0\n`);
    expect(text).toContain(`genwarden_paid_calls_total{pool="default",${model},outcome="${outcome}"} 0\n`);
  }
  expect(text).toContain(`genwarden_attempt_duration_seconds_count{pool="default",${model},outcome="succeeded"} 0\n`);
  expect(text).toContain(`genwarden_provider_requests_total{${model},code="429"} 0\n`);
  expect(text).toContain(`genwarden_tokens_total{${model},direction="output"} 0\n`);
  expect(text).toContain('genwarden_result_checks_total{pool="default",outcome="flagged"} 0\n');
  expect(text).toContain('genwarden_key_cooldowns_total{pool="default",cause="QuotaExhausted"} 0\n');
  expect(text).toContain('genwarden_artifact_store_requests_total{operation="put",outcome="failed"} 0\n');
});

test('cost begins at 0 for models with a price', async () => {
  const text = await begun({ models: ['m', 'free'], prices: { m: { input: 1 } } });
  expect(text).toContain('genwarden_cost_total{pool="default",provider="gemini",model="m"} 0\n');
  expect(text).not.toContain('genwarden_cost_total{pool="default",provider="gemini",model="free"}');
});

test('a worker begins with them', async () => {
  const { registry, worker } = startWorld(async () => ({ images: [], text: '', usage: {} }) as never, {
    models: ['m'],
  });
  expect(await registry.metrics()).toMatch(/^genwarden_attempts_total\{.*model="m",outcome="succeeded"\} 0$/m);
  await worker.drain();
});

test('the first 50 models that a pool lists are labels; all others are one', async () => {
  expect(modelLabel('model-49', listed)).toBe('model-49');
  expect(modelLabel('model-50', listed)).toBe('other');
  expect(modelLabel('what a client writes', listed)).toBe('other');
  expect(modelLabels(listed)).toEqual([...listed.slice(0, 50), 'other']);
  expect(modelLabels(['a', 'b', 'a'])).toEqual(['a', 'b']);
  const text = await begun({ models: listed });
  expect(text.match(/^genwarden_attempts_total\{/gm)).toHaveLength(51 * attemptOutcomes.length);
});

test('a method that no route has is not a label', () => {
  expect([methodLabel('GET'), methodLabel('PROPFIND')]).toEqual(['GET', 'other']);
});
