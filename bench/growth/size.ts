// One row of the growth table: a new server is filled, then API and controller start on it and are measured.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { createToken } from '../../src/api/auth/createToken.ts';
import { connectNats } from '../../src/adapters/nats/index.ts';
import { startNatsServer, type NatsServer } from '../../test/support/natsServer.ts';
import { tempFolder } from '../../test/support/tempFolder.ts';
import { sendLoad } from '../http/load.ts';
import { declarePools, openOurs } from '../ours.ts';
import { environment, residentBytes } from '../processes.ts';
import { fill, poolsOfGrowth } from './fill.ts';
import { measureReads, type ReadLimits } from './reads.ts';
import { countOf, startApi, startController, type Installation, type Site } from './starts.ts';
import type { SizeFigures } from './table.ts';

export interface Asked {
  readonly reads: ReadLimits;
  readonly submits: number;
}

export async function measureSize(
  tasks: number,
  { reads, submits }: Asked,
  onStep: (what: string) => void,
): Promise<SizeFigures> {
  await using nats = await startNatsServer();
  await using folder = await tempFolder('growth');
  const installation = await install(nats, folder.path);
  onStep('idle processes');
  const idle = await idleBytes(installation);
  onStep('fill');
  const filled = await fillServer(nats, tasks);
  onStep('start of the controller');
  await using controller = await startController(installation);
  onStep('start of the API');
  await using api = await startApi(installation, tasks);
  const bytes = {
    api: residentBytes(api.process.pid),
    controller: residentBytes(controller.process.pid),
    nats: residentBytes(nats.pid),
  };
  onStep('reads');
  const ofReads = await measureReads(api, filled.jobs, reads);
  onStep('submits');
  const submitsPerSecond = await submit(api, submits);
  const found = await countOf(api);
  if (found !== tasks + submits) throw new Error(`the API has ${found} open tasks instead of ${tasks + submits}`);
  const { listensMs, readyMs, warmMs } = api;
  return {
    tasks,
    fillPerSecond: filled.perSecond,
    submitsPerSecond,
    reads: ofReads,
    bytes,
    bytesATask: { api: (bytes.api - idle.api) / tasks, controller: (bytes.controller - idle.controller) / tasks },
    start: { apiListensMs: listensMs, apiReadyMs: readyMs, apiWarmMs: warmMs, controllerReadyMs: controller.readyMs },
  };
}

/** With a token of an administrator, who sees the tasks of all tenants. */
async function install(nats: NatsServer, folder: string): Promise<Installation> {
  const asked = { name: 'bench', tenant: 'tenant-0', scopes: ['admin'], createdAt: Date.now() } as const;
  const { token, entry } = createToken(asked, randomBytes);
  const file = join(folder, 'tokens.json');
  await writeFile(file, JSON.stringify({ tokens: [entry] }));
  return {
    env: { ...environment(nats, 'http://127.0.0.1:9'), GENWARDEN_AUTH_TOKENS_FILE: file },
    headers: { authorization: `Bearer ${token}`, 'genwarden-namespace': '*' },
  };
}

async function idleBytes(installation: Installation): Promise<{ api: number; controller: number }> {
  await using controller = await startController(installation);
  await using api = await startApi(installation, 0);
  const bytes = { api: residentBytes(api.process.pid), controller: residentBytes(controller.process.pid) };
  return bytes;
}

async function fillServer(nats: NatsServer, tasks: number): Promise<{ jobs: string[]; perSecond: number }> {
  const settings = { urls: [nats.url], prefix: 'genwarden', name: 'bench-fill' };
  const signal = new AbortController().signal;
  const link = await connectNats(settings, { signal, log: pino({ level: 'silent' }) });
  try {
    const ours = await openOurs(link);
    for (const pool of poolsOfGrowth) await ours.queue.ensurePool(pool);
    await declarePools(link, poolsOfGrowth);
    const start = performance.now();
    const jobs = await fill(ours, tasks);
    return { jobs, perSecond: (tasks * 1_000) / (performance.now() - start) };
  } finally {
    await link.close();
  }
}

async function submit({ url, headers }: Site, count: number): Promise<number> {
  const body = (index: number): string =>
    JSON.stringify({ kind: 'text', pool: poolsOfGrowth[index % 5], input: { prompt: `submit ${index}` } });
  const { authorization } = headers as { authorization: string };
  // In the token's own tenant.
  const load = {
    url,
    headers: { authorization },
    connections: 64,
    count,
    method: 'POST',
    path: '/v1/jobs',
    body,
    status: 202,
  } as const;
  return (await sendLoad(load)).perSecond;
}
