// Several tenants send hostile schemas at once, while others work on the same API and the same worker: each hostile job is refused
// or ends by itself, and the others notice nothing.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { percentiles } from '../../../bench/measure.ts';
import { sleep } from '../../../src/async/sleep.ts';
import { GenwardenApiError, GenwardenClient, type Job, type SubmitRequest } from '../../../src/client/index.ts';
import type { JsonObject } from '../../../src/job/task.ts';
import { startInstallation, type Installation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { addEdgeRow } from './edgeRows.ts';

const hostileTenants = ['mallory', 'oscar', 'trudy'];
const innocentTenants = ['alice', 'bob'];

const itself = { $ref: '#' };
const backtracking = `${'a'.repeat(5_000)}!`;

function nested(levels: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

/** Each level of a value doubles the work; in the second also the errors that are collected. */
const doubling: JsonObject = {
  $defs: { a: { properties: { a: { not: { not: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } } } } } },
  allOf: [{ const: nested(40) }, { $ref: '#/$defs/a' }],
};
const hoarding: JsonObject = {
  $defs: { a: { required: ['a'], properties: { a: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } } } },
  allOf: [{ const: nested(40) }, { $ref: '#/$defs/a' }],
};

/** With the error that a job of each ends with. The stand-in answers with `const`. */
const accepted: readonly (readonly [JsonObject, code: string, message: RegExp])[] = [
  [{ type: 'string', pattern: '^(a+)+$', const: backtracking }, 'OutputInvalid', /must match pattern "\^\(a\+\)\+\$"/],
  [{ type: 'string', pattern: '^(a|a)*$', const: backtracking }, 'OutputInvalid', /must match pattern/],
  [doubling, 'SchemaUncheckable', /^The answer could not be checked: input.schema takes more than 4 s to check/],
  [
    hoarding,
    'SchemaUncheckable',
    /^The answer could not be checked: input.schema takes more than (?:4 s|64 MiB) to check/,
  ],
];

const refused: readonly (readonly [JsonObject, path: string])[] = [
  [{ anyOf: [itself, itself] }, 'input.schema.anyOf[0].$ref'],
  [{ type: 'string', pattern: '^(?=(a+)+$)' }, 'input.schema.pattern'],
  [{ type: 'string', pattern: '((a{1000}){1000}){1000}' }, 'input.schema.pattern'],
  [{ $ref: 'https://example.com/a.json' }, 'input.schema.$ref'],
  [{ properties: Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`a${index}`, {}])) }, 'input.schema'],
];

const text = (schema: JsonObject): SubmitRequest => ({
  kind: 'text',
  input: { prompt: 'x', schema },
  policy: { maxAttempts: 1 },
});

it('hostile schemas of three tenants at once, beside two tenants at work', async () => {
  const { clients } = await installationOfTenants();
  const watching = new AbortController();
  const lags = watchLag(clients.get('alice')!, watching.signal);
  const hostile = hostileTenants.map((tenant) => attack(clients.get(tenant)!, tenant));
  const attacking = Promise.all(hostile);
  const innocents = innocentTenants.map((tenant) => workUntil(clients.get(tenant)!, attacking));
  const ended = (await attacking).flat();
  const work = await Promise.all(innocents);
  watching.abort();

  const innocentJobs = work.flatMap(({ jobs }) => jobs);
  const harmed = innocentJobs.filter(
    ({ state, tasks }) => state !== 'succeeded' || tasks!.some(({ attempt }) => attempt !== 1),
  );
  expect(harmed).toEqual([]);
  console.log(
    `${ended.length} hostile jobs ended, ${refused.length * hostileTenants.length} were refused; ${innocentJobs.length} innocent jobs\n` +
      `innocents' jobs: ${told(innocentJobs.map(tookMs))}, submits: ${told(work.flatMap(({ submits }) => submits))}; heartbeats' event loop lag: ${told(await lags)}`,
  );
  addEdgeRow({
    fault: `hostile schemas of ${hostileTenants.length} tenants at once`,
    jobs: ended.length + innocentJobs.length,
    terminal: [...ended, ...innocentJobs].filter(({ finishedAt }) => finishedAt !== null).length,
    lost: work.reduce((sum, { submits, jobs }) => sum + submits.length - jobs.length, 0),
    overdueMs: Math.max(0, ...[...ended, ...innocentJobs].map(overdue)),
    innocentsHarmed: harmed.length,
    recoveredAfterMs: undefined,
  });
});

/** Submits every hostile schema, and checks that each job ends as it should. */
async function attack(client: GenwardenClient, tenant: string): Promise<Job[]> {
  const refusals = refused.map(async ([schema, path]) => {
    const error: unknown = await client.submit(text(schema)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GenwardenApiError);
    expect(error).toMatchObject({ status: 422, code: 'InvalidRequest' });
    expect((error as GenwardenApiError).errors).toContainEqual({ path, message: expect.any(String) });
  });
  const jobs = accepted.map(async ([schema, code, message]) => {
    // Different for each tenant: otherwise each would take its turn after the other.
    const { id } = await client.submit(text({ ...schema, description: tenant }));
    const job = await client.wait(id);
    expect(job.tasks![0]!.error).toMatchObject({ code, message: expect.stringMatching(message) });
    return job;
  });
  await Promise.all(refusals);
  return Promise.all(jobs);
}

interface Work {
  readonly jobs: readonly Job[];
  /** ms of each. */
  readonly submits: readonly number[];
}

/** Submits jobs with and without a schema, one after the other, until `over` settles. */
async function workUntil(client: GenwardenClient, over: Promise<unknown>): Promise<Work> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  over.then(end, end);
  const submits: number[] = [];
  const jobs: Promise<Job>[] = [];
  for (let round = 0; !isOver; round += 1) {
    const startedAt = performance.now();
    const { id } = await client.submit(round % 2 === 0 ? aPlan(round) : { kind: 'image', input: { prompt: 'a yard' } });
    submits.push(performance.now() - startedAt);
    jobs.push(client.wait(id));
    await sleep(100);
  }
  return { jobs: await Promise.all(jobs), submits };
}

/** With a schema that has not been checked before. */
const aPlan = (round: number): SubmitRequest => ({
  kind: 'text',
  input: {
    prompt: 'a plan',
    schema: {
      type: 'object',
      properties: {
        title: { type: 'string', pattern: '^\\w+', maxLength: 100 + round },
        beds: { type: 'array', items: itself },
      },
      required: ['title'],
    },
  },
});

/** The event loop lag of the worker's heartbeats, ms. */
async function watchLag(client: GenwardenClient, signal: AbortSignal): Promise<number[]> {
  const lags: number[] = [];
  while (!signal.aborted) {
    lags.push(...(await client.workers()).map(({ eventLoopLag }) => eventLoopLag));
    await sleep(250);
  }
  return lags;
}

/** One API, one worker with room for every hostile job, and a client for each tenant. */
async function installationOfTenants(): Promise<Installation & { clients: ReadonlyMap<string, GenwardenClient> }> {
  const folder = await tempFolder('tokens');
  onTestFinished(() => folder.remove());
  const file = join(folder.path, 'tokens.json');
  const tenants = [...hostileTenants, ...innocentTenants];
  await writeFile(file, JSON.stringify({ tokens: tenants.map(tokenEntry) }));
  const env = { GENWARDEN_AUTH_TOKENS_FILE: file, GENWARDEN_CONCURRENCY: '16' };
  const installation = await startInstallation({ env });
  installation.standin.behave({ kind: 'image', bytes: 'small', latencyMs: 50 });
  const clients = new Map(
    tenants.map((tenant) => [tenant, new GenwardenClient({ url: installation.url, token: tokenOf(tenant) })]),
  );
  return { ...installation, clients };
}

const tokenOf = (tenant: string): string => `gw_${tenant}`;

const tokenEntry = (tenant: string): object => ({
  id: tenant,
  name: tenant,
  hash: `sha256:${createHash('sha256').update(tokenOf(tenant)).digest('hex')}`,
  tenant,
  scopes: ['jobs:read', 'jobs:write'],
  createdAt: '2026-01-01T00:00:00.000Z',
});

const overdue = ({ tasks = [] }: Job): number =>
  Math.max(
    0,
    ...tasks.map(
      ({ dueAt, failedAt, completedAt }) => Date.parse((failedAt ?? completedAt)!) - Date.parse(dueAt!) || 0,
    ),
  );

const tookMs = ({ submittedAt, finishedAt }: Job): number => Date.parse(finishedAt!) - Date.parse(submittedAt);

function told(times: readonly number[]): string {
  const { p50, p99 } = percentiles(times);
  return `p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms (${times.length})`;
}
