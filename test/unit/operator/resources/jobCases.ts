// Specs of GenerationJobs.
import { bad, good, type BadCase, type Case } from './cases.ts';
import { badSources, goodSources } from './sourceCases.ts';

const job = { kind: 'image', input: { prompt: 'a front yard' } };
const text = { kind: 'text', input: { prompt: 'a line about yards' } };
const digest = `sha256:${'0a'.repeat(32)}`;

const inputOf = (input: object) => ({ ...job, input: { ...job.input, ...input } });
const policyOf = (policy: object) => ({ ...job, policy });
const named = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `task-${index}` }));
const references = (count: number) => Array.from({ length: count }, () => ({ artifact: digest }));

const inline = { mediaType: 'image/png', data: 'A'.repeat(22_528) };

export const goodJobs: readonly Case[] = [
  good('one task', job),
  good('text', { kind: 'text', input: { prompt: 'p', system: 's', schema: { type: 'object', properties: {} } } }),
  good('prompts of the tasks only', { kind: 'image', tasks: [{ input: { prompt: 'a' } }, { input: { prompt: 'b' } }] }),
  good('500 named tasks', { ...job, tasks: named(500) }),
  good('500 long names that end in pictures', {
    ...job,
    tasks: named(500).map(({ name }) => ({ name: `${name} ${'🦊'.repeat(10)}` })),
  }),
  good('500 long names', {
    ...job,
    tasks: named(500).map(({ name }) => ({ name: `${'前'.repeat(30)}${name.slice(5)}` })),
  }),
  good('a chain of both kinds', {
    kind: 'image',
    input: { aspectRatio: '16:9' },
    tasks: [
      { name: 'storyboard', kind: 'text', input: { prompt: 'a story', schema: { type: 'object' } } },
      { name: 'front', after: ['storyboard'], input: { prompt: '{{tasks.storyboard.output.a}}' } },
      {
        name: 'collage',
        kind: 'text',
        model: 'writer',
        after: ['storyboard', 'front'],
        input: { prompt: 'all', references: [{ artifact: { task: 'front', name: 'image' }, caption: 'the front' }] },
      },
    ],
  }),
  good('tasks without names', { ...job, tasks: [{}, {}, { name: 'walkway' }] }),
  good('a name in another script, joined by U+200D', { ...job, tasks: [{ name: '前庭 👩‍🌾' }] }),
  good('every field of an image', {
    ...inputOf({ aspectRatio: '16:9', imageSize: '1K', seed: -7, providerOptions: { deep: [{ er: null }] } }),
    pool: 'default',
    priority: 'high',
    model: 'gemini-3.1-flash-image',
    jobMetadata: { brandId: 'b1' },
    ttlSecondsAfterFinished: 0,
  }),
  good('metadata that is no object', { ...job, jobMetadata: 'b1', tasks: [{ metadata: [1, 'two'] }, { metadata: 3 }] }),
  good(
    'references both ways',
    inputOf({
      references: [
        { artifact: digest, caption: 'style' },
        { mediaType: 'image/png', data: 'iVBORw==' },
        { data: 'data:image/png;base64,iVBORw==' },
      ],
    }),
  ),
  ...goodSources,
  good('14 references in two parts', {
    ...inputOf({ references: references(4) }),
    tasks: [{ input: { extraReferences: references(10) } }],
  }),
  good("own references in place of the job's", {
    ...inputOf({ references: references(14) }),
    tasks: [{ input: { references: references(2), extraReferences: references(12) } }],
  }),
  good(
    'every field of a policy',
    policyOf({
      attemptTimeout: '100ms',
      runTimeout: '1d',
      queueTimeout: '30d',
      reviewTimeout: '1h30m',
      deadline: '29d23h59m59s999ms',
      maxAttempts: 20,
      maxLostAttempts: 1,
      review: 'onFlag',
      check: { prompt: 'Is it red?', model: 'm' },
    }),
  ),
  good(
    'a backoff, fallbacks, and what outages and budgets do',
    policyOf({
      backoff: { initial: '0s' },
      onOutage: 'fail',
      onBudget: 'wait',
      fallback: [{ pool: 'spare', model: 'm' }],
      fallbackOn: ['refusal'],
    }),
  ),
  good('no deadline, by name', policyOf({ deadline: null })),
  good(
    'durations at their bounds',
    policyOf({ attemptTimeout: '1h', runTimeout: '24h', queueTimeout: '720h', reviewTimeout: '0.1s' }),
  ),
];

export const badJobs: readonly BadCase[] = [
  bad('no kind', 'schema', 'spec.kind', /Required value/, { input: { prompt: 'p' } }),
  bad('another kind', 'schema', 'spec.kind', /supported values: "image", "text"/, { ...job, kind: 'video' }),
  bad('a pool with capitals', 'schema', 'spec.pool', /should match/, { ...job, pool: 'Default' }),
  bad('an unknown priority', 'schema', 'spec.priority', /"high", "normal", "low"/, { ...job, priority: 'urgent' }),
  bad('an empty model', 'schema', 'spec.model', /at least 1/, { ...job, model: '' }),
  bad('a prompt that is a number', 'schema', 'spec.input.prompt', /must be of type string/, inputOf({ prompt: 7 })),
  bad('an empty prompt', 'schema', 'spec.input.prompt', /at least 1 char/, inputOf({ prompt: '' })),
  bad('a blank prompt', 'rule', 'spec.input.prompt', /is empty/, inputOf({ prompt: ' \n ' })),
  bad(
    'a prompt of more than 32 Ki characters',
    'schema',
    'spec.input.prompt',
    /Too long/,
    inputOf({ prompt: 'x'.repeat(32_769) }),
  ),
  bad(
    'a prompt of more than 32 KiB',
    'rule',
    'spec.input.prompt',
    /longer than 32 KiB/,
    inputOf({ prompt: 'é'.repeat(16_385) }),
  ),
  bad('no prompt anywhere', 'rule', 'spec.input.prompt', /is missing/, { kind: 'image' }),
  ...badSources,
  bad('a task without a prompt', 'rule', 'spec.input.prompt', /is missing/, {
    kind: 'image',
    tasks: [{ input: { prompt: 'p' } }, {}],
  }),
  bad('a schema for an image', 'rule', 'spec.input.schema', /only taken by kind text/, inputOf({ schema: {} })),
  bad('a system instruction for an image, in a task', 'rule', 'spec.input.system', /only taken by kind text/, {
    ...job,
    tasks: [{ input: { system: 's' } }],
  }),
  bad('a ratio for a task of kind text', 'rule', 'spec.input.aspectRatio', /only taken by kind image/, {
    ...job,
    tasks: [{ kind: 'text', input: { prompt: 'p', aspectRatio: '1:1' } }],
  }),
  bad('a list after without names', 'schema', 'spec.tasks[0].after', /at least 1 items/, {
    ...job,
    tasks: [{ after: [] }],
  }),
  bad('a ratio for text', 'rule', 'spec.input.aspectRatio', /only taken by kind image/, {
    ...text,
    input: { ...text.input, aspectRatio: '1:1' },
  }),
  bad('a size for text', 'rule', 'spec.input.imageSize', /only taken by kind image/, {
    ...text,
    tasks: [{ input: { imageSize: '1K' } }],
  }),
  bad('no ratio', 'schema', 'spec.input.aspectRatio', /should match/, inputOf({ aspectRatio: 'wide' })),
  bad('no size', 'schema', 'spec.input.imageSize', /should match/, inputOf({ imageSize: '1 K' })),
  bad(
    'a seed that is too large',
    'schema',
    'spec.input.seed',
    /less than or equal to 2147483647/,
    inputOf({ seed: 2 ** 31 }),
  ),
  bad('a seed that is a fraction', 'schema', 'spec.input.seed', /must be of type integer/, inputOf({ seed: 0.5 })),
  bad(
    'options that are a list',
    'schema',
    'spec.input.providerOptions',
    /must be of type object/,
    inputOf({ providerOptions: [] }),
  ),
  bad(
    'a reference that is both',
    'schema',
    'spec.input.references[1]',
    /must validate one and only one schema \(oneOf\)/,
    inputOf({ references: [{ artifact: digest }, { artifact: digest, mediaType: 'image/png', data: 'iVBORw==' }] }),
  ),
  bad(
    'a reference that is neither',
    'schema',
    'spec.input.references[0]',
    /must validate one and only one schema \(oneOf\)/,
    inputOf({ references: [{ caption: 'style' }] }),
  ),
  bad('data of no media type', 'rule', 'spec.tasks[0].input.extraReferences[0]', /belong together/, {
    ...job,
    tasks: [{ input: { extraReferences: [{ data: 'iVBORw==' }] } }],
  }),
  bad(
    'a media type that is not taken',
    'schema',
    'spec.input.references[0].mediaType',
    /supported values/,
    inputOf({ references: [{ mediaType: 'image/gif', data: 'R0lG' }] }),
  ),
  bad('15 references', 'schema', 'spec.input.references', /at most 14 items/, inputOf({ references: references(15) })),
  bad('15 references in two parts', 'rule', 'spec.tasks', /at most 14 references/, {
    ...inputOf({ references: references(10) }),
    tasks: [{}, { input: { extraReferences: references(5) } }],
  }),
  bad('no tasks in the list of tasks', 'schema', 'spec.tasks', /at least 1 item/, { ...job, tasks: [] }),
  bad('501 tasks', 'schema', 'spec.tasks', /at most 500 items/, { ...job, tasks: named(501) }),
  bad('a name twice', 'rule', 'spec.tasks', /have a name twice/, {
    ...job,
    tasks: [{ name: 'a' }, {}, { name: 'b' }, { name: 'a' }],
  }),
  bad('a name twice among 500', 'rule', 'spec.tasks', /have a name twice/, {
    ...job,
    tasks: [...named(499), { name: 'task-7' }],
  }),
  bad('a long name twice among 500', 'rule', 'spec.tasks', /have a name twice/, {
    ...job,
    tasks: [...named(499), { name: 'task-7' }].map(({ name }) => ({ name: `${'n'.repeat(90)}${name}` })),
  }),
  bad('a blank name', 'schema', 'spec.tasks[0].name', /should match/, { ...job, tasks: [{ name: '  ' }] }),
  bad('a name that is not printable', 'schema', 'spec.tasks[0].name', /should match/, {
    ...job,
    tasks: [{ name: 'a\tb' }],
  }),
  bad('a name that is too long', 'schema', 'spec.tasks[0].name', /Too long/, {
    ...job,
    tasks: [{ name: 'n'.repeat(101) }],
  }),
  bad('a duration that is none', 'schema', 'spec.policy.runTimeout', /should match/, policyOf({ runTimeout: 'soon' })),
  bad('a duration without a unit', 'schema', 'spec.policy.runTimeout', /should match/, policyOf({ runTimeout: '90' })),
  bad(
    'an attempt that is too short',
    'rule',
    'spec.policy.attemptTimeout',
    /from 100ms to 1h/,
    policyOf({ attemptTimeout: '99ms' }),
  ),
  bad(
    'an attempt that is too long',
    'rule',
    'spec.policy.attemptTimeout',
    /from 100ms to 1h/,
    policyOf({ attemptTimeout: '1h1ms' }),
  ),
  bad('a run that is too long', 'rule', 'spec.policy.runTimeout', /from 100ms to 1d/, policyOf({ runTimeout: '1d1s' })),
  bad(
    'a queue that is too long',
    'rule',
    'spec.policy.queueTimeout',
    /from 100ms to 30d/,
    policyOf({ queueTimeout: '31d' }),
  ),
  bad(
    'a review that is too long',
    'rule',
    'spec.policy.reviewTimeout',
    /from 100ms to 30d/,
    policyOf({ reviewTimeout: '29d24h0.5s' }),
  ),
  bad('a deadline of nothing', 'rule', 'spec.policy.deadline', /from 100ms to 30d/, policyOf({ deadline: '0d' })),
  bad(
    'a backoff whose first delay is more than its last',
    'rule',
    'spec.policy.backoff.initial',
    /more than max/,
    policyOf({ backoff: { initial: '2m', max: '1m' } }),
  ),
  bad('an empty backoff', 'schema', 'spec.policy.backoff', /at least 1 prop/, policyOf({ backoff: {} })),
  bad('a fallback to nothing', 'schema', 'spec.policy.fallback[0]', /at least 1 prop/, policyOf({ fallback: [{}] })),
  bad(
    'an unknown cause',
    'schema',
    'spec.policy.fallbackOn[0]',
    /supported values/,
    policyOf({ fallbackOn: ['mood'] }),
  ),
  bad('no attempts', 'schema', 'spec.policy.maxAttempts', /greater than or equal to 1/, policyOf({ maxAttempts: 0 })),
  bad(
    'too many lost attempts',
    'schema',
    'spec.policy.maxLostAttempts',
    /less than or equal to 20/,
    policyOf({ maxLostAttempts: 21 }),
  ),
  bad('review at times', 'schema', 'spec.policy.review', /"never", "always"/, policyOf({ review: 'sometimes' })),
  bad('a negative time to live', 'schema', 'spec.ttlSecondsAfterFinished', /greater than or equal to 0/, {
    ...job,
    ttlSecondsAfterFinished: -1,
  }),
  bad('prompts of 66 KiB together', 'rule', 'spec', /larger than 64 KiB/, {
    kind: 'image',
    tasks: [
      { input: { prompt: 'x'.repeat(22_528) } },
      { input: { prompt: 'x'.repeat(22_528) } },
      { input: { prompt: 'x'.repeat(22_528) } },
    ],
  }),
  bad('images of 66 KiB together, inline', 'rule', 'spec', /larger than 64 KiB/, {
    ...inputOf({ references: [inline, inline] }),
    tasks: [{ input: { extraReferences: [inline] } }],
  }),
];
