// A program on the client that openapi-typescript and openapi-fetch make from the OpenAPI document. It prints what each step gave.

export const typescriptProgram = `
import createClient from 'openapi-fetch';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { components, paths } from './api.js';

type Job = components['schemas']['Job'];
type Problem = components['schemas']['Problem'];

const [url, photo, key] = process.argv.slice(2) as [string, string, string];
const api = createClient<paths>({ baseUrl: url });

async function step(name: string, run: () => Promise<unknown>): Promise<void> {
  console.log(JSON.stringify({ step: name, result: await run().catch((error: unknown) => \`threw \${String(error)}\`) }));
}

const problemOf = ({ code, status }: Problem): string => \`\${status} \${code}\`;

async function upload(): Promise<unknown> {
  const bytes = await readFile(photo);
  const { data, error } = await api.POST('/v1/artifacts', {
    headers: { 'content-type': 'image/jpeg' },
    body: '',
    bodySerializer: () => bytes,
  });
  return data?.bytes ?? problemOf(error!);
}

let id = '';
async function submit(): Promise<unknown> {
  const { data, error, response } = await api.POST('/v1/jobs', {
    params: { header: { 'idempotency-key': key } },
    body: { kind: 'image', input: { prompt: 'a front yard' }, tasks: [{ name: 'front-yard' }], labels: { by: key } },
  });
  id = data?.id ?? '';
  const warnings: components['schemas']['Warning'][] = data?.warnings ?? [];
  return data === undefined ? problemOf(error) : [response.status, warnings.length];
}

let job: Job;
async function wait(): Promise<unknown> {
  do {
    const { data, error } = await api.GET('/v1/jobs/{id}', { params: { path: { id }, query: { wait: '30s', tasks: true } } });
    if (data === undefined) return problemOf(error);
    job = data;
  } while (job.finishedAt === null);
  return job.state;
}

async function list(): Promise<unknown> {
  const { data, error } = await api.GET('/v1/jobs', {
    params: { query: { state: ['succeeded'], label: [\`by=\${key}\`], limit: 10 } },
  });
  return data?.items.map((each) => each.id === id) ?? problemOf(error!);
}

async function download(): Promise<unknown> {
  const [task] = job.tasks ?? [];
  const image = task?.artifacts.find(({ name }) => name === 'image');
  const { data, response } = await api.GET('/v1/jobs/{id}/tasks/{task}/artifacts/{name}', {
    params: { path: { id, task: 'front-yard', name: 'image' }, query: { run: 1 } },
    parseAs: 'arrayBuffer',
  });
  const digest = createHash('sha256').update(new Uint8Array(data as ArrayBuffer)).digest('hex');
  return [response.headers.get('content-type'), \`sha256:\${digest}\` === image?.digest];
}

async function explain(): Promise<unknown> {
  const { data, error } = await api.GET('/v1/jobs/{id}/explain', { params: { path: { id } } });
  return data?.tasks[0]?.cause ?? problemOf(error!);
}

async function missing(): Promise<unknown> {
  const { data, error } = await api.GET('/v1/jobs/{id}', { params: { path: { id: 'none' } } });
  return data?.id ?? problemOf(error!);
}

await step('upload', upload);
await step('submit', submit);
await step('wait', wait);
await step('list', list);
await step('download', download);
await step('explain', explain);
await step('missing', missing);
`;
