// Specs of GenerationJobs that take their input from ConfigMaps and Secrets.
import { bad, good, type BadCase, type Case } from './cases.ts';

const digest = `sha256:${'0a'.repeat(32)}`;
const inputOf = (input: object) => ({ kind: 'image', input: { prompt: 'a front yard', ...input } });

const flagged = { type: 'object', properties: { flagged: { type: 'boolean' } }, required: ['flagged'] };
const everyReference = [
  { mediaType: 'image/png', data: 'iVBORw==', caption: 'style' },
  { configMapKeyRef: { name: 'styles', key: 'yard.png' } },
  { secretKeyRef: { name: 'styles', key: 'yard.png' } },
];

export const goodSources: readonly Case[] = [
  good('a prompt and references from ConfigMaps and Secrets', {
    kind: 'image',
    input: {
      promptFrom: { configMapKeyRef: { name: 'prompts', key: 'yard.txt' } },
      references: [
        { configMapKeyRef: { name: 'style', key: 'a.png' }, caption: 'the style' },
        { secretKeyRef: { name: 'style', key: 'b.png' } },
      ],
    },
    tasks: [{}, { input: { promptFrom: { configMapKeyRef: { name: 'prompts', key: 'walk' } } } }],
    suspend: true,
    results: { configMap: 'results' },
  }),
  good('every field that no other has', {
    ...inputOf({}),
    policy: { review: 'onFlag', check: { prompt: 'Is it red?', schema: flagged }, backoff: { max: '1m' } },
    group: 'illustration',
    webhook: { url: 'https://app.example/hook', events: ['job.finished'] },
    tasks: [
      { kind: 'text', input: { prompt: 'p', system: 's' } },
      {
        input: {
          aspectRatio: '1:1',
          imageSize: '2K',
          seed: 7,
          providerOptions: { temperature: 1 },
          references: everyReference,
          extraReferences: everyReference,
        },
      },
    ],
  }),
];

export const badSources: readonly BadCase[] = [
  bad(
    'two prompts',
    'rule',
    'spec.input.promptFrom',
    /excludes prompt/,
    inputOf({
      promptFrom: { configMapKeyRef: { name: 'prompts', key: 'yard' } },
    }),
  ),
  bad(
    'a reference from two places',
    'schema',
    'spec.input.references[0]',
    /oneOf|must validate one and only one/,
    inputOf({
      references: [{ artifact: digest, secretKeyRef: { name: 'style', key: 'a.png' } }],
    }),
  ),
];
