// Prompts and references from ConfigMaps and Secrets: read at the submit, and waited for while they are missing.
import { expect, test } from 'vitest';
import { configMapType, secretType } from '../../../../src/operator/resources/builtInKinds.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';
import { photo } from '../../../support/pictures.ts';
import type { World } from '../harness.ts';
import { anOperator, aWorld, conditions, create, hands, key, peek } from './stage.ts';

const promptFrom = { configMapKeyRef: { name: 'prompts', key: 'yard' } };

const configMap = ({ cluster }: World, name: string, content: object): void =>
  void cluster.put(configMapType, { metadata: key(name), ...content });

test('the prompt and the references of jobs and tasks come from the namespace, and are fixed at the submit', async () => {
  const world = await aWorld();
  const image = photo.toString('base64');
  configMap(world, 'prompts', { data: { yard: 'a yard with sage' } });
  configMap(world, 'style', { binaryData: { 'style.jpg': image } });
  world.cluster.put(secretType, { metadata: key('secret-style'), data: { 'style.jpg': image } });
  const operator = await anOperator(world);
  const references = [{ configMapKeyRef: { name: 'style', key: 'style.jpg' }, caption: 'style' }];
  const extraReferences = [{ secretKeyRef: { name: 'secret-style', key: 'style.jpg' } }];
  const resource = create(world, 'yard', {
    input: { promptFrom, references },
    tasks: [{ input: { extraReferences } }, { input: { prompt: 'another' } }],
  });
  await operator.settle();
  const record = (await hands(world, resource).read())!;
  const [first, second] = record.tasks.map(({ request }) => request.input);
  expect(first).toMatchObject({
    prompt: 'a yard with sage',
    references: [{ artifact: expect.stringMatching(/^sha256:/), caption: 'style' }, { mediaType: 'image/jpeg' }],
  });
  expect(second).toMatchObject({ prompt: 'another' });
  configMap(world, 'prompts', { data: { yard: 'changed' } });
  await operator.after(600_000);
  expect((await hands(world, resource).read())!.tasks[0]!.request.input.prompt).toBe('a yard with sage');
});

test('what is missing is named in the condition, and waited for', async () => {
  const world = await aWorld();
  const operator = await anOperator(world);
  create(world, 'yard', { input: { promptFrom } });
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({
    Accepted: 'False SourceNotFound',
    Finished: 'False SourceNotFound',
  });
  expect(peek(world, 'yard')?.status?.message).toMatch(
    /^ConfigMap prompts does not exist in namespace shop\. Retrying until/,
  );
  configMap(world, 'prompts', { data: { other: 'x' } });
  await operator.after(6_000);
  configMap(world, 'prompts', { data: { yard: 'a yard' } });
  await operator.after(6_000);
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: 'True Submitted' });
});

test('a missing right is named, with what to do', async () => {
  const world = await aWorld();
  world.cluster.fail(new KubeError(403, 'Forbidden', 'forbidden'), {
    times: Infinity,
    matches: ({ verb }) => verb === 'get',
  });
  const operator = await anOperator(world);
  create(world, 'yard', { input: { promptFrom } });
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: 'False SourceForbidden' });
  expect(peek(world, 'yard')?.status?.message).toContain('operator.readReferences');
});

test.each([
  [
    'an empty prompt',
    { data: { yard: ' ' } },
    { input: { promptFrom } },
    'InvalidRequest',
    'spec.input.prompt: is empty',
  ],
  [
    'a long prompt',
    { data: { yard: 'x'.repeat(33_000) } },
    { input: { promptFrom } },
    'InvalidRequest',
    'spec.input.prompt: is longer than 32 KiB',
  ],
  [
    'a reference that is no image',
    { binaryData: { yard: Buffer.from('text').toString('base64') } },
    { input: { prompt: 'a yard', references: [{ configMapKeyRef: { name: 'prompts', key: 'yard' } }] } },
    'InvalidImage',
    'input.references[0]',
  ],
])('%s is refused for good', async (_what, content, spec, code, says) => {
  const world = await aWorld();
  configMap(world, 'prompts', content);
  const operator = await anOperator(world);
  create(world, 'yard', spec);
  await operator.settle();
  expect(conditions(peek(world, 'yard'))).toMatchObject({ Accepted: `False ${code}`, Finished: `True ${code}` });
  expect(peek(world, 'yard')?.status?.message).toContain(says);
});
