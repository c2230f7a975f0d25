// The chart's values: each has a comment, a place in the schema, and a use; the schema allows nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { settingDefinitions } from '../../../src/config/settings.ts';
import { root } from '../../tidy/repository.ts';
import { chart, chartValues, readChart, resolved, schema, schemaAt, templates } from './files.ts';
import type { Schema } from './files.ts';
import { readmeTables } from './readmeTable.ts';

const values = chartValues();
const paths = values.map(({ path }) => path);
const valueOf = (path: string): unknown => values.find((each) => each.path === path)!.value;

describe('every value', () => {
  test('is seen by these tests', () => {
    expect(values.length).toBeGreaterThan(150);
    expect(paths).toContain('nats.auth.users.controller');
  });

  test('has a comment right above it', () => {
    expect(values.filter(({ comment }) => comment.length < 5).map(({ path }) => path)).toEqual([]);
  });

  test('a value without a comment would be found', () => {
    const silent = chartValues('# Loud.\na: 1\n\n# Not for b.\n\nb: 2\n').filter(({ comment }) => comment === '');
    expect(silent.map(({ path }) => path)).toEqual(['b']);
  });

  test('has a place in the schema, and each place a value', () => {
    expect(paths.filter((path) => schemaAt(path) === undefined)).toEqual([]);
    expect(placesOf(schema, '').filter((path) => !paths.includes(path))).toEqual([]);
  });

  test('is used by a template', () => {
    const text = templates.map((file) => file.text).join('\n');
    // What a template takes as a whole: `toYaml .Values.api.resources`.
    const wholes =
      /\.(resources|labels|autoscaling|models|users|requests|limits|podSecurityContext|securityContext|timeouts)\./;
    const leaves = values.filter(({ path, isGroup }) => !isGroup && !wholes.test(`.${path}`));
    const unused = leaves
      .map(({ path }) => ({ path, key: path.split('.').at(-1)! }))
      .filter(({ key }) => !text.includes(`.${key}`) && !text.includes(`"${key}"`));
    expect(unused.map(({ path }) => path)).toEqual([]);
  });
});

/** Every path that the schema spells out inline; what it refers to is a form, not a list of values, and so is the shared part of a component. */
function placesOf(node: Schema, prefix: string): string[] {
  const own = Object.entries<Schema>(node.properties ?? {}).filter(([, child]) => child !== true);
  return own.flatMap(([key, child]) => [`${prefix}${key}`, ...placesOf(child, `${prefix}${key}.`)]);
}

describe('the schema', () => {
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false }).compile(schema);
  const refuses = (over: object): string | undefined =>
    validate(over)
      ? undefined
      : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`).join();

  test('takes the defaults', () => {
    expect(refuses(parse(readChart('values.yaml')))).toBe(undefined);
  });

  test('lists all properties of every object that has any', () => {
    expect(looseObjects(schema, '#')).toEqual([]);
  });

  test.each([
    ['an unknown value', { apii: {} }],
    ['an unknown value inside', { api: { replica: 3 } }],
    ['a wrong type', { api: { replicas: '3' } }],
    ['more api pods than NATS has names of followers', { api: { replicas: 32 } }],
    ['a duration without unit', { settings: { retention: '7' } }],
    ['a number of copies that NATS does not have', { nats: { replicas: 2 } }],
    ['a prefix with a dot', { nats: { prefix: 'a.b' } }],
    ['a URL of another protocol', { nats: { external: { urls: ['http://nats:4222'] } } }],
    ['an unknown resource', { api: { resources: { limit: {} } } }],
    ['links to traces without a place for their id', { tracing: { traceUrl: 'https://traces.example/' } }],
    ['a key without secret', { defaultPool: { keys: [{ requestsPerMinute: 3 }] } }],
  ])('refuses %s', (_what, over) => {
    expect(refuses(over)).toBeTypeOf('string');
  });
});

function looseObjects(node: Schema, at: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const loose = node.properties !== undefined && node.additionalProperties !== false && !openOnPurpose.includes(at);
  return [
    ...(loose ? [at] : []),
    ...Object.entries(node).flatMap(([key, child]) => looseObjects(child, `${at}/${key}`)),
  ];
}

/** Charts of a parent share `global`; the components that take the form of a pod are closed; named objects have Kubernetes' fields. */
const openOnPurpose = ['#/properties/global', '#/definitions/pod', '#/definitions/namedObjects/items'];

const components = ['api', 'controller', 'operator', 'worker', 'nats', 'standin', 'tests'];

describe('the defaults', () => {
  const programDefault = (name: string): string | undefined =>
    settingDefinitions.find(({ variable }) => variable === `GENWARDEN_${name}`)!.default;

  test.each([
    ['settings.logLevel', 'LOG_LEVEL'],
    ['settings.logFormat', 'LOG_FORMAT'],
    ['settings.logPrompts', 'LOG_PROMPTS'],
    ['settings.retention', 'RETENTION'],
    ['settings.heartbeatTimeout', 'HEARTBEAT_TIMEOUT'],
    ['settings.reconnectHold', 'RECONNECT_HOLD'],
    ['settings.artifactStore', 'ARTIFACT_STORE'],
    ['s3.region', 'S3_REGION'],
    ['s3.pathTemplate', 'S3_PATH_TEMPLATE'],
    ['nats.prefix', 'NATS_PREFIX'],
    ['nats.replicas', 'NATS_REPLICAS'],
    ['defaultPool.concurrency', 'CONCURRENCY'],
    ['defaultPool.name', 'POOL'],
    ['gemini.requestsPerMinute', 'GEMINI_REQUESTS_PER_MINUTE'],
    ['standin.latency', 'STANDIN_LATENCY'],
    ['tracing.sampler', 'OTEL_TRACES_SAMPLER'],
    ['tracing.samplerRatio', 'OTEL_TRACES_SAMPLER_ARG'],
  ])('%s is that of the program', (path, name) => {
    expect(String(valueOf(path))).toBe(programDefault(name));
  });

  test('the models are those of the program', () => {
    const models = [valueOf('defaultPool.models.image'), valueOf('defaultPool.models.text')].flat();
    expect(models.join(',')).toBe(programDefault('GEMINI_MODELS'));
  });

  test('components have the same forms of values', () => {
    const forms = ['global', ...components].map((component) =>
      Object.keys(schema.definitions.pod.properties).map(
        (key) => resolved(schemaAt(`${component}.${key}`)) !== undefined,
      ),
    );
    expect(forms.flat().every(Boolean)).toBe(true);
  });

  test('every value of a pod is in `global`', () => {
    const shared = Object.keys(schema.definitions.pod.properties);
    expect(shared.filter((key) => !paths.includes(`global.${key}`))).toEqual([]);
    for (const component of components)
      expect(Object.keys(schemaAt(component).properties)).toEqual(expect.arrayContaining(shared));
  });
});

test('README.md lists every value (UPDATE_DOCS=1 writes the tables)', () => {
  const path = `${root}/${chart}/README.md`;
  const page = readFileSync(path, 'utf8');
  const [before, table, after] = page.split(/(?<=<!-- values -->)|(?=<!-- end of values -->)/);
  const expected = readmeTables(values);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, `${before}\n\n${expected}\n\n${after}`);
  else expect(withoutPadding(table!)).toEqual(withoutPadding(expected));
});

/** The formatter pads the columns. */
const withoutPadding = (table: string): string[] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---'));
