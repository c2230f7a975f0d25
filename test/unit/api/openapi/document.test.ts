// The OpenAPI document describes every route whole: what a client may send, every answer, and an example of each.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue, type ErrorCode } from '../../../../src/job/errors/index.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';

interface Content {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, { readonly value?: unknown; readonly $ref?: string }>>;
}

type Schema = Readonly<Record<string, unknown>>;

interface Answer {
  readonly description: string;
  readonly headers: Readonly<Record<string, { $ref: string }>>;
  readonly content?: Readonly<Record<string, Content>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { readonly name?: string; in?: string; required?: boolean; schema?: Schema }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: Readonly<Record<'schemas' | 'examples', Readonly<Record<string, Schema>>>>;
}

let world: ApiWorld;
let document: Document;
let operations: readonly Operation[];
beforeAll(async () => {
  world = await apiWorld();
  document = (await world.get('/openapi.json')).json as Document;
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
});
afterAll(() => world[Symbol.asyncDispose]());

/** The operations that lack something. */
const without = (has: (operation: Operation) => boolean): string[] =>
  operations.filter((operation) => !has(operation)).map(({ operationId }) => operationId);

const good = ({ responses }: Operation): [string, Answer][] =>
  Object.entries(responses).filter(([status]) => /^[23]/.test(status));

describe('every operation', () => {
  test('has one name, a summary, a description and a known tag', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const known = document.tags.map(({ name }) => name);
    expect(without(({ summary, description }) => summary !== '' && description !== '')).toEqual([]);
    expect(without(({ tags }) => tags.length === 1 && known.includes(tags[0]!))).toEqual([]);
  });

  test('names its scope, or is open', () => {
    const open = operations.filter(({ security }) => security.length === 0).map(({ operationId }) => operationId);
    expect(open).toEqual(['health', 'ready']);
    const scopes = operations.flatMap(({ security }) => security.flatMap(({ token = [] }) => token));
    expect(new Set(scopes)).toEqual(new Set(['jobs:read', 'jobs:write', 'admin']));
  });

  test('describes each answer, with its headers', () => {
    expect(
      without((operation) => good(operation).every(([, { description }]) => description !== 'The answer.')),
    ).toEqual([]);
    const answers = operations.flatMap(({ responses }) => Object.values(responses));
    expect(answers.filter(({ headers }) => headers['X-Request-Id'] === undefined)).toEqual([]);
  });

  test('lists the problems of each status that a request can get', () => {
    const open = ['422', '500'];
    const always = [...open, '401', '403', '429', '503'];
    const lacks = operations.flatMap(({ operationId, security, responses }) =>
      (security.length === 0 ? open : always)
        .filter((status) => responses[status]?.content?.['application/problem+json'] === undefined)
        .map((status) => `${operationId} ${status}`),
    );
    expect(lacks).toEqual([]);
  });

  test('has an example of its body and of each JSON answer', () => {
    const lacks = operations.flatMap(({ operationId, requestBody, responses }) => {
      const answers = Object.entries(responses).filter(([, { content }]) => isJson(content?.['application/json']));
      const parts = Object.fromEntries(answers.map(([status, { content }]) => [status, content!['application/json']!]));
      const body = requestBody?.content['application/json'];
      const all = body === undefined ? parts : { ...parts, body };
      return Object.entries(all).flatMap(([part, { examples }]) =>
        examples === undefined ? [`${operationId} ${part}`] : [],
      );
    });
    expect(lacks).toEqual([]);
  });
});

const isJson = (content: Content | undefined): boolean =>
  content !== undefined && content.schema['format'] !== 'binary';

test('every example fits its schema', () => {
  const contents = operations.flatMap(({ operationId, requestBody, responses }) => [
    ...Object.values(requestBody?.content ?? {}).map((content) => ({ name: `${operationId} body`, content })),
    ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.values(content).map((each) => ({ name: `${operationId} ${status}`, content: each })),
    ),
  ]);
  const problems = Object.entries(document.components.examples);
  contents.push({
    name: 'problem',
    content: { schema: { $ref: '#/components/schemas/Problem' }, examples: Object.fromEntries(problems) },
  });
  const errorsOf = checker();
  const wrong = contents.flatMap(({ name, content: { schema, examples = {} } }) =>
    Object.entries(examples).flatMap(([title, { value, $ref }]) => {
      if ($ref !== undefined) return document.components.examples[nameOf($ref)] === undefined ? [$ref] : [];
      const errors = errorsOf(schema, value);
      return errors === '' ? [] : [`${name} ${title}: ${errors}`];
    }),
  );
  expect(wrong).toEqual([]);
  expect(errorsOf({ $ref: '#/components/schemas/Job' }, { id: 1 })).not.toBe('');
});

const nameOf = (reference: string): string => reference.split('/').at(-1)!;

const withBase = (schema: unknown): Schema =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://document.example/#/')) as Schema;

/** Checks a value against a schema of the document; gives ajv's words, or nothing if the value fits. */
function checker(): (schema: Schema, value: unknown) => string {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...withBase({ components: document.components }), $id: 'https://document.example/' });
  return (schema, value) => {
    const fits = ajv.compile(withBase(schema));
    return fits(value) ? '' : ajv.errorsText(fits.errors);
  };
}

test('each code of a request is a problem of some operation', () => {
  const listed = new Set(Object.keys(document.components.examples));
  const codes = (Object.entries(catalogue) as [ErrorCode, { status?: number }][])
    .filter(([, { status }]) => status !== undefined)
    .map(([code]) => code);
  // Of the console, and answers of addresses and methods that no operation has.
  const others = [
    'ConsoleNotBuilt',
    'ExpectationFailed',
    'HeadersTooLarge',
    'MethodNotAllowed',
    'RouteNotFound',
    'SignInFailed',
    'UriTooLong',
  ];
  expect(codes.filter((code) => !listed.has(code)).toSorted()).toEqual(others);
  expect((document.components.schemas['ErrorCode'] as { enum: string[] }).enum).toEqual(Object.keys(catalogue));
});

test('there is always a server', async () => {
  expect(document.servers.map(({ url }) => url)).toEqual(['/']);
  await using other = await apiWorld({ publicUrl: 'https://api.example.com/genwarden' });
  const { servers } = (await other.get('/openapi.json')).json as Document;
  expect(servers.map(({ url }) => url)).toEqual(['https://api.example.com/genwarden']);
});

test('requests refuse unknown fields, and answers may have more', () => {
  const { SubmitRequest, TaskRequest, PolicyRequest, Job, Task, Problem } = document.components.schemas;
  expect([SubmitRequest, TaskRequest, PolicyRequest].map((schema) => schema!['additionalProperties'])).toEqual([
    false,
    false,
    false,
  ]);
  expect([Job, Task, Problem].map((schema) => schema!['additionalProperties'])).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('what a client may leave out is optional, and numbers and booleans are no strings', () => {
  const byId = (id: string): Operation => operations.find(({ operationId }) => operationId === id)!;
  const bodies = [
    'submitJob',
    'reviewTask',
    'failStuck',
    'uploadReference',
    'cancelJob',
    'retryJob',
    'pausePool',
    'resumePool',
  ];
  expect(bodies.map((id) => byId(id).requestBody!.required)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  const required = operations.flatMap(({ parameters = [] }) => parameters.filter((each) => each.required));
  expect(new Set(required.map((parameter) => parameter.in))).toEqual(new Set(['path']));
  const schemaOf = (id: string, name: string) => byId(id).parameters!.find((each) => each.name === name)!.schema;
  expect(schemaOf('listJobs', 'limit')).toEqual({ type: 'integer', minimum: 1, maximum: 500 });
  expect(schemaOf('getJob', 'tasks')).toEqual({ type: 'boolean' });
});
