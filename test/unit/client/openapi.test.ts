// The client's types and the API's OpenAPI document agree, in both directions and field by field. The document's schemas
// become TypeScript, and the compiler compares them with the client's types.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { taskEventView } from '../../../src/api/view/transitionView.ts';
import type { TaskChange } from '../../../src/client/index.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { documentTypes, type OpenApiDocument } from './documentTypes.ts';

const root = join(import.meta.dirname, '../../..');

/** The client's type for each JSON schema of the document, by its place there. */
const clientTypes: Readonly<Record<string, string>> = {
  Problem: 'C.Problem',
  'POST /v1/jobs body': 'WithLooseReferences<C.SubmitRequest>',
  'POST /v1/jobs query': '{ wait?: string }',
  'POST /v1/jobs 200': 'WithTaskFields<C.SubmittedJob>',
  'POST /v1/jobs 202': 'WithTaskFields<C.SubmittedJob>',
  'GET /v1/jobs query': `{ state?: Extract<C.ListFilter["state"], unknown[]>; pool?: string; kind?: C.Kind; label?: string[];
    search?: string; limit?: number; cursor?: string }`,
  'GET /v1/jobs 200': 'C.JobPage',
  'GET /v1/jobs/{id} query':
    'Pick<NonNullable<Parameters<C.GenwardenClient["get"]>[1]>, "tasks" | "taskState"> & { wait?: string }',
  'GET /v1/jobs/{id} 200': 'WithTaskFields<C.Job>',
  'POST /v1/jobs/{id}/links body': '{ expiresIn?: string }',
  'POST /v1/jobs/{id}/links 200': 'C.JobLinks',
  'GET /v1/jobs/{id}/history 200': 'List<C.Transition>',
  'POST /v1/jobs/{id}/cancel body': 'Omit<Options<"cancel">, keyof C.CallOptions>',
  'POST /v1/jobs/{id}/cancel 200': 'WithTaskFields<C.Job>',
  'POST /v1/jobs/{id}/retry body': 'Omit<Options<"retry">, keyof C.CallOptions>',
  'POST /v1/jobs/{id}/retry 202': 'WithTaskFields<C.Job>',
  'POST /v1/jobs/{id}/tasks/{task}/review body': 'C.ReviewRequest',
  'POST /v1/jobs/{id}/tasks/{task}/review 200': 'WithTaskFields<C.Job>',
  'POST /v1/jobs/{id}/tasks/{task}/review 202': 'WithTaskFields<C.Job>',
  'GET /v1/jobs/{id}/tasks/{task}/artifacts/{name} query': '{ run?: number; redirect?: boolean }',
  'GET /v1/activity 200': 'C.Activity',
  'GET /v1/settings 200': 'List<C.Setting>',
  'GET /v1/jobs/{id}/tasks/{task}/input 200': 'C.ModelInput',
  'GET /v1/jobs/{id}/tasks/{task}/references/{n} query': '{ redirect?: boolean }',
  'GET /v1/workers 200': 'List<C.Worker>',
  'GET /v1/pools 200': 'List<C.Pool>',
  'POST /v1/pools/{pool}/pause body': '{ for?: string }',
  'POST /v1/pools/{pool}/pause 200': 'C.PausedPool',
  'POST /v1/pools/{pool}/resume body': '{}',
  'POST /v1/pools/{pool}/resume 200': 'C.Pool',
  'GET /v1/jobs/{id}/explain 200': 'C.ExplainedJob',
  'GET /v1/stuck query': 'C.StuckFilter',
  'GET /v1/stuck 200': 'C.StuckList',
  'POST /v1/stuck/fix body': '{ tasks: Parameters<C.GenwardenClient["failStuck"]>[0][number][] }',
  'POST /v1/stuck/fix 200': 'List<C.FixedTask>',
  'GET /v1/doctor query': '{ provider?: boolean }',
  'GET /v1/doctor 200': 'C.Checklist',
  'GET /v1/webhooks/dead query': '{ limit?: number; cursor?: string }',
  'GET /v1/webhooks/dead 200': '{ items: C.WebhookDelivery[]; next: string | null }',
  'POST /v1/webhooks/dead/{id}/resend body': '{}',
  'POST /v1/webhooks/dead/{id}/resend 202': 'C.WebhookDelivery',
  'POST /v1/artifacts 201': 'C.UploadedReference',
};

/** For probes of Kubernetes; the client has no method for them. */
const withoutMethod = ['GET /healthz 200', 'GET /readyz 200'];

const preamble = `
import type * as C from ${JSON.stringify(join(root, 'src/client/index.ts'))};
type Json = C.Json;
type List<T> = { items: T[]; next: null };
// The document has one object for all states of a task.
type WithTaskFields<J extends C.Job> = Omit<J, 'tasks'> & { tasks?: C.TaskFields[] };
type Options<M extends 'cancel' | 'retry'> = NonNullable<Parameters<C.GenwardenClient[M]>[1]>;
// A reference is either stored or inline, which the document does not express.
type Loose<U> = { [K in U extends unknown ? keyof U : never]?: U extends unknown ? (K extends keyof U ? U[K] : never) : never };
type WithLooseReferences<T> = T extends C.Reference ? Loose<C.Reference>
  : [Json] extends [T] ? T : T extends readonly (infer E)[] ? WithLooseReferences<E>[]
  : T extends object ? (string extends keyof T ? T : { [K in keyof T]: WithLooseReferences<T[K]> }) : T;
// Two objects that differ only in an optional field are assignable to each other, so fields are also compared as required.
type Whole<T> = [Json] extends [T] ? T : T extends string ? T : T extends readonly (infer E)[] ? Whole<E>[]
  : T extends object ? (string extends keyof T ? T : { [K in keyof T]-?: Whole<T[K]> }) : T;
`;

interface Comparison {
  readonly name: string;
  readonly documented: string;
  readonly client: string;
}

/** The compiler's errors, by the names of the comparisons; empty if all types agree. */
async function differences(comparisons: readonly Comparison[]): Promise<Record<string, string>> {
  const checks = comparisons.flatMap(({ name, documented, client }, at) => {
    const [d, c] = [`D${at}`, `C${at}`];
    return [
      { name, line: `type ${d} = ${documented}; type ${c} = ${client.replaceAll('\n', ' ')};` },
      {
        name,
        line: `export const toClient${at}: ${c} = {} as ${d}; export const toDocument${at}: ${d} = {} as ${c};`,
      },
      { name, line: `export const wholeToClient${at}: Whole<${c}> = {} as Whole<${d}>;` },
      { name, line: `export const wholeToDocument${at}: Whole<${d}> = {} as Whole<${c}>;` },
    ];
  });
  const output = await compile(`${preamble}${checks.map(({ line }) => line).join('\n')}`);
  const firstLine = preamble.split('\n').length;
  const errors = output.split(/^(?=\S)/m).filter((error) => error !== '');
  return Object.fromEntries(
    errors.map((error) => {
      const line = Number(/check\.mts\((\d+),/.exec(error)?.[1]);
      return [checks[line - firstLine]?.name ?? 'elsewhere', error.trim()];
    }),
  );
}

/** The compiler's output; empty if it finds nothing wrong. */
async function compile(text: string): Promise<string> {
  const folder = await tempFolder('client-types');
  try {
    await writeFile(join(folder.path, 'check.mts'), text);
    const compilerOptions = { typeRoots: [join(root, 'node_modules/@types')], rootDir: '/' };
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['check.mts'] };
    await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/.bin/tsc');
    const run = promisify(execFile)(tsc, ['-p', folder.path, '--pretty', 'false']);
    return (await run.catch((failed: { stdout: string }) => failed)).stdout;
  } finally {
    await folder.remove();
  }
}

async function documentOfApi(): Promise<OpenApiDocument> {
  await using world = await apiWorld();
  return (await world.get('/openapi.json')).json as OpenApiDocument;
}

describe('the types of the client and the OpenAPI document', () => {
  test('every JSON schema of the document has a type, and every type a schema', async () => {
    const places = [...documentTypes(await documentOfApi()).keys()];
    expect(places.toSorted()).toEqual([...Object.keys(clientTypes), ...withoutMethod].toSorted());
  });

  test('agree in both directions', async () => {
    const comparisons = [...documentTypes(await documentOfApi())].flatMap(([name, documented]) => {
      const client = clientTypes[name];
      return client === undefined ? [] : [{ name, documented, client }];
    });
    expect(await differences(comparisons)).toEqual({});
  });

  test('a difference in one field is found', async () => {
    const job = documentTypes(await documentOfApi()).get('GET /v1/jobs/{id} 200')!;
    const changes = {
      'an optional field that the client lacks': '"id": string; "added"?: string;',
      'a field that the document lacks': '',
      'a field that is optional in the document': '"id"?: string;',
      'a field of another type': '"id": number;',
      'a field that is nullable in the document': '"id": string | null;',
    };
    expect(job).toContain('"id": string;');
    const comparisons = Object.entries(changes).map(([name, field]) => {
      return { name, documented: job.replace('"id": string;', field), client: 'WithTaskFields<C.Job>' };
    });
    expect(Object.keys(await differences(comparisons)).toSorted()).toEqual(Object.keys(changes).toSorted());
  });
});

/** The document shows an event stream as text, so its events are compared with the view that writes them. */
test('events have the fields that the API writes', () => {
  expectTypeOf<ReturnType<typeof taskEventView>>().toExtend<TaskChange>();
  expectTypeOf<keyof TaskChange>().toEqualTypeOf<keyof ReturnType<typeof taskEventView>>();
});
