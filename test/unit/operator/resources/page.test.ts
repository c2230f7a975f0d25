// docs/custom-resources.md matches the CRDs and the operator's code; the examples are valid resources.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { pageText } from '../../../../hack/custom-resources.ts';
import { jobConditions, poolConditions, scheduleConditions } from '../../../../hack/resources/reasons.ts';
import { mergeTasks } from '../../../../src/jobs/submit/mergeTasks.ts';
import { type GenerationJobSpec, parseGenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import { parseGenerationSchedule } from '../../../../src/operator/resources/generationSchedule.ts';
import { parseWorkerPool } from '../../../../src/operator/resources/workerPool.ts';
import { filesUnder } from '../../../tidy/repository.ts';

const root = new URL('../../../../', import.meta.url);
const examples = new URL('examples/kubernetes/', root);

/** The formatter pads the cells of tables. */
const unpadded = (page: string): string => page.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---');

test('docs/custom-resources.md is up to date (node hack/custom-resources.ts)', () => {
  const page = readFileSync(new URL('docs/custom-resources.md', root), 'utf8');
  expect(unpadded(page)).toBe(unpadded(pageText()));
});

test.each([
  ['generationJob', jobConditions],
  ['workerPool', poolConditions],
  ['schedule', scheduleConditions],
])('every reason of a condition that %s gives is explained', (folder, conditions) => {
  const explained = new Set(conditions.flatMap(({ reasons }) => Object.keys(reasons)));
  const given = filesUnder(`src/operator/${folder}`).flatMap(({ text }) =>
    [...text.matchAll(/\breason(?:: |: .*\| )'([A-Z]\w+)'/g)].map(([, reason]) => reason!),
  );
  // Reasons of pods, tasks, events and Workloads, not of conditions.
  const others = new Set(['Unschedulable', 'Unknown', 'OtherInstallation', 'Pending', 'NoReservation']);
  expect([...new Set(given)].filter((reason) => !explained.has(reason) && !others.has(reason))).toEqual([]);
  expect(given.length).toBeGreaterThan(0);
});

const parsers: Record<string, (object: { spec: unknown }) => object> = {
  GenerationJob: parseGenerationJob,
  GenerationSchedule: parseGenerationSchedule,
  WorkerPool: parseWorkerPool,
};

test.each(readdirSync(examples))('examples/kubernetes/%s matches the schemas', (name) => {
  const documents = parseAllDocuments(readFileSync(new URL(name, examples), 'utf8'));
  for (const document of documents) {
    const { kind, spec } = document.toJS() as { kind: string; spec: unknown };
    const parsed = parsers[kind]!({ spec });
    expect(parsed).toHaveProperty('spec');
    if (kind === 'GenerationJob') mergeTasks((parsed as { spec: GenerationJobSpec }).spec);
  }
  expect(documents.length).toBeGreaterThan(0);
});
