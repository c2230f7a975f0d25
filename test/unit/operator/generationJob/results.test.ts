// Results of a finished job: the first artifacts in its status, and all of them in the ConfigMap that spec.results names.
import { expect, test } from 'vitest';
import { succeeded } from '../../../../src/job/transitions.ts';
import { configMapType } from '../../../../src/operator/resources/builtInKinds.ts';
import type { GenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import { KubeError, type KubeObject } from '../../../../src/ports/kubernetes.ts';
import type { Operator, World } from '../harness.ts';
import { anOperator, aWorld, conditions, create, hands, key, peek } from './stage.ts';

const results = { configMap: 'yard-results' };
const artifact = (name: string) => ({
  name,
  mediaType: 'image/png',
  bytes: 5,
  digest: `sha256:${name.length.toString(16).padStart(64, '0')}`,
});
type ConfigMap = KubeObject & { data: Record<string, string> };
const written = ({ cluster }: World): ConfigMap | undefined =>
  cluster.peek<ConfigMap>(configMapType, key('yard-results'));

/** Ends every task of the job with this detail. */
async function finish(world: World, operator: Operator, resource: GenerationJob, detail: object): Promise<void> {
  const { claim, read } = hands(world, resource);
  for (const { last } of (await read())!.tasks) {
    const { task } = last.state.of;
    await claim(task);
    const { state } = (await read())!.tasks[task]!.last;
    world.log.append(succeeded(state as never, world.clock.now()), { message: 'Succeeded', ...detail });
  }
  await operator.settle();
}

async function finished(spec: object, detail: object, prepare: (world: World) => void = () => {}) {
  const world = await aWorld();
  prepare(world);
  const operator = await anOperator(world);
  const resource = create(world, 'yard', spec);
  await operator.settle();
  await finish(world, operator, resource, detail);
  return { world, operator, resource };
}

test('the status names the first artifacts, and no thumbnails', async () => {
  const tasks = Array.from({ length: 20 }, (_, at) => ({ name: `part-${at}` }));
  const { world } = await finished({ tasks }, { artifacts: [artifact('image'), artifact('thumbnail')] });
  const { artifacts } = peek(world, 'yard')!.status!;
  expect(artifacts).toHaveLength(8);
  expect(artifacts![1]).toEqual({
    task: 'part-1',
    name: 'image',
    mediaType: 'image/png',
    digest: artifact('image').digest,
  });
});

test('a status of long messages names fewer artifacts, to stay under 4 KiB', async () => {
  const tasks = Array.from({ length: 20 }, (_, at) => ({ name: `${at}-${'ü'.repeat(90)}` }));
  const { world } = await finished({ tasks }, { artifacts: [artifact('image')] });
  const { status } = peek(world, 'yard')!;
  expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThanOrEqual(4_096);
  expect(status!.artifacts!.length).toBeGreaterThan(0);
});

test('outputs, digests and links are in the ConfigMap before the job is Finished', async () => {
  const detail = { output: { answer: 'sage' }, artifacts: [artifact('image')] };
  const { world, resource } = await finished({ results, tasks: [{ name: 'front yard' }, {}] }, detail);
  const { job } = hands(world, resource);
  const { data, metadata } = written(world)!;
  expect(Object.keys(data)).toEqual(['job.json', 'front_yard.output.json', '1.output.json']);
  expect(data['front_yard.output.json']).toBe('{"answer":"sage"}');
  expect(JSON.parse(data['job.json']!)).toMatchObject({
    jobId: job,
    tasks: [
      { name: 'front yard', artifacts: [{ href: `/v1/jobs/${job}/tasks/0/artifacts/image?run=1` }] },
      { index: 1 },
    ],
  });
  expect(metadata.ownerReferences).toMatchObject([{ kind: 'GenerationJob', uid: resource.metadata.uid }]);
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    ResultsWritten: 'True ResultsInConfigMap',
    Complete: 'True Succeeded',
  });
  const order = world.cluster.calls.filter(({ verb }) => verb === 'create' || verb === 'applyStatus');
  expect(order.at(-2)).toMatchObject({ verb: 'create', plural: 'configmaps' });
});

test('a text is written as it is', async () => {
  const { world } = await finished({ kind: 'text', results }, { output: 'sage\n' });
  expect(written(world)!.data['output.txt']).toBe('sage\n');
});

test('the ConfigMap of somebody else is never changed', async () => {
  const theirs = { metadata: key('yard-results'), data: { theirs: 'x' } };
  const { world } = await finished({ results }, {}, ({ cluster }) => void cluster.put(configMapType, theirs));
  expect(written(world)!.data).toEqual({ theirs: 'x' });
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    ResultsWritten: 'False ConfigMapTaken',
    Finished: 'True Succeeded',
  });
});

test('results that are too large are not written', async () => {
  const { world } = await finished({ kind: 'text', results }, { output: 'x'.repeat(1_000_001) });
  expect(written(world)).toBeUndefined();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ ResultsWritten: 'False ResultsTooLarge' });
});

test('a missing right is named, and tried again', async () => {
  const { world, operator } = await finished({ results }, {}, ({ cluster }) =>
    cluster.fail(new KubeError(403, 'Forbidden', 'forbidden'), {
      times: Infinity,
      matches: ({ plural }) => plural === 'configmaps',
    }),
  );
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    ResultsWritten: 'False ResultsForbidden',
    Finished: 'True Succeeded',
  });
  world.cluster.back();
  await operator.after(300_000);
  expect(conditions(peek(world, 'yard'))).toMatchObject({ ResultsWritten: 'True ResultsInConfigMap' });
  expect(written(world)).toBeDefined();
});
