// The API and the schemas of the custom resources accept the same specs.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { definitions } from '../../../../hack/resources/definitions.ts';
import { mergeTasks } from '../../../../src/jobs/submit/mergeTasks.ts';
import { parseDuration } from '../../../../src/job/duration.ts';
import { type GenerationJobSpec, parseGenerationJob } from '../../../../src/operator/resources/generationJob.ts';
import type { Parsed } from '../../../../src/operator/resources/kinds.ts';
import { parseWorkerPool } from '../../../../src/operator/resources/workerPool.ts';
import type { BadCase, Case } from './cases.ts';
import { badJobs, goodJobs } from './jobCases.ts';
import { badPools, goodPools } from './poolCases.ts';

const [jobSchema, poolSchema] = definitions().map(
  ({ spec }) => spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!,
);

const ajv = new Ajv({ strict: false, validateFormats: false });
/** Converts Go's notation of code points, and OpenAPI's of exclusive bounds. */
const validator = (schema: unknown) => {
  const json = JSON.stringify(schema).replaceAll(String.raw`\\x{200D}`, '\u200d');
  return ajv.compile(
    JSON.parse(json.replaceAll('"minimum":0,"exclusiveMinimum":true', '"exclusiveMinimum":0')) as object,
  );
};
const [jobFits, poolFits] = [validator(jobSchema), validator(poolSchema)];

interface Side {
  readonly kind: string;
  readonly good: readonly Case[];
  readonly bad: readonly BadCase[];
  readonly fits: (spec: unknown) => boolean;
  readonly refusal: (spec: unknown) => string | undefined;
}

const sides: readonly Side[] = [
  { kind: 'GenerationJob', good: goodJobs, bad: badJobs, fits: (spec) => jobFits(spec), refusal: jobRefusal },
  {
    kind: 'WorkerPool',
    good: goodPools,
    bad: badPools,
    fits: (spec) => poolFits(spec),
    refusal: (spec) => problems(parseWorkerPool({ spec })),
  },
];

describe.each(sides)('$kind', ({ good, bad, fits, refusal }) => {
  test.each(good)('both accept: $what', ({ spec }) => {
    expect(refusal(spec)).toBeUndefined();
    expect(fits(spec)).toBe(true);
  });

  test.each(bad)('refused: $what', ({ spec, by, at }) => {
    expect(refusal(spec)).toBeDefined();
    // JSON Schema has no keyword for sets.
    if (!['spec.allowedNamespaces[1]', 'spec.providerOptions[1]'].includes(at) || by === 'rule')
      expect(fits(spec)).toBe(by === 'rule');
  });
});

test('only the operator can say that a reference is neither a digest nor an artifact of a task', () => {
  const withArtifact = (artifact: unknown) => ({ kind: 'image', input: { prompt: 'p', references: [{ artifact }] } });
  const message =
    'spec.input.references[0].artifact: is neither a digest, sha256: and 64 hexadecimal digits, nor {task, name}';
  for (const artifact of [7, ['a'], { task: 'front' }, { task: 'front', name: 7 }])
    expect(jobRefusal(withArtifact(artifact))).toBe(message);
  expect(jobRefusal(withArtifact('sha256:abc'))).toContain('is not a digest: sha256: and 64 hexadecimal digits');
});

test('only the operator knows the options of each provider', () => {
  const withOptions = (...providerOptions: string[]) =>
    problems(parseWorkerPool({ spec: { models: { image: ['painter'] }, providerOptions } }));
  expect(withOptions('topP', 'warmth')).toContain('spec.providerOptions[1]: warmth is not an option of gemini');
  expect(withOptions('seed')).toContain('spec.providerOptions[0]: seed cannot be allowed');
});

test('a problem has its path', () => {
  expect(problems(parseGenerationJob({ spec: { kind: 'image', tasks: [{}, { input: { prompt: 7 } }] } }))).toContain(
    'spec.tasks[1].input.prompt: ',
  );
  expect(problems(parseWorkerPool({ spec: { models: { image: ['m'] }, speed: 9 } }))).toBe(
    'spec.speed: is not a known field',
  );
  expect(problems(parseGenerationJob({}))).toContain('spec.kind: ');
});

test('a spec of more than 64 KiB is refused', () => {
  const inline = { mediaType: 'image/png', data: 'A'.repeat(66_000) };
  expect(jobRefusal({ kind: 'image', input: { prompt: 'p', references: [inline] } })).toBe(
    'spec: is larger than 64 KiB',
  );
});

test('a price of a model that the pool does not have is refused, as the workers would refuse their file', () => {
  const spec = { models: { image: ['painter'] }, prices: { paniter: { image: 1 } } };
  expect(problems(parseWorkerPool({ spec }))).toBe('spec.prices.paniter: is not a model of the pool');
});

test('a number that was rounded on its way is refused, with its path', () => {
  const spec = JSON.parse(
    '{"kind":"image","input":{"prompt":"p"},"jobMetadata":{"ids":[9007199254740993]}}',
  ) as unknown;
  expect(jobRefusal(spec)).toBe(
    'spec.jobMetadata.ids[0]: is a number beyond 2^53, which cannot be kept exactly; write it as a string',
  );
  expect(jobRefusal({ kind: 'image', input: { prompt: 'p' }, jobMetadata: [2 ** 53 - 1, 0.1] })).toBeUndefined();
  expect(jobRefusal({ kind: 'image', input: { prompt: 'p', providerOptions: { x: Infinity } } })).toContain('.x: ');
});

test('the pattern of durations accepts what the parser accepts', () => {
  const pattern = new RegExp(jobSchema!.properties!['policy']!.properties!['runTimeout']!.pattern!);
  const part = fc.tuple(
    fc.oneof(fc.nat(1_000), fc.constant('1.5'), fc.constant('')),
    fc.constantFrom('d', 'h', 'm', 's', 'ms', ''),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.flat().join('');
      // Beyond the exact integers of a number, the bounds refuse it, not the pattern.
      fc.pre(!/\d{9}/.test(text));
      expect(text.length >= 2 && pattern.test(text)).toBe(parseDuration(text) !== undefined);
    }),
    { numRuns: 2_000 },
  );
});

test("the API server's schema accepts everything that the API accepts", { timeout: 60_000 }, () => {
  const odd = [
    null,
    '',
    ' ',
    'x',
    '5m',
    '0s',
    '1h1ms',
    -1,
    0,
    0.5,
    21,
    2 ** 40,
    true,
    [],
    [{}],
    ['a', 'a'],
    {},
    { a: null },
    '16:9',
    'é',
  ];
  for (const { good, fits, refusal } of sides) {
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.nat(), fc.constantFrom(...odd), ({ spec }, at, value) => {
        const places = placesOf(spec, []);
        const changed = replaced(spec, places[at % places.length]!, value);
        fc.pre(refusal(changed) === undefined);
        expect(fits(changed)).toBe(true);
      }),
      { numRuns: 1_000, maxSkipsPerRun: 1_000 },
    );
  }
});

test('every default of the schema equals the default of the operator', () => {
  const parsed = parseWorkerPool({ spec: { models: { image: ['m'] }, autoscaling: { maxReplicas: 2 } } });
  const defaults = (schema: typeof poolSchema): object =>
    Object.fromEntries(
      Object.entries(schema!.properties!).flatMap(([name, each]) =>
        'default' in each ? [[name, each['default']]] : [],
      ),
    );
  expect(parsed).toMatchObject({
    spec: { ...defaults(poolSchema), autoscaling: defaults(poolSchema!.properties!['autoscaling']) },
  });
  expect(parseGenerationJob({ spec: { kind: 'image' } })).toMatchObject({ spec: defaults(jobSchema) });
});

/** As after the operator has read the ConfigMaps. */
function withPrompts(spec: GenerationJobSpec): GenerationJobSpec {
  const text = JSON.stringify(spec);
  return JSON.parse(
    text.replaceAll(/"promptFrom":\{"configMapKeyRef":\{[^}]*\}\}/g, '"prompt":"p"'),
  ) as GenerationJobSpec;
}

function jobRefusal(spec: unknown): string | undefined {
  const parsed = parseGenerationJob({ spec });
  if ('problems' in parsed) return problems(parsed);
  try {
    mergeTasks(withPrompts(parsed.spec));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function problems(parsed: Parsed<unknown>): string | undefined {
  return 'problems' in parsed
    ? parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n')
    : undefined;
}

type Path = readonly (string | number)[];

/** Every path in a JSON value except the root, down to four levels. */
function placesOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null || path.length === 4) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [[...path, key], ...placesOf((value as Record<string, unknown>)[key], [...path, key])]);
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}
