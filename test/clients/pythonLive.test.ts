// The Python client against real processes: a nats-server, the stand-in, and an API with tokens, which the tests kill with SIGKILL
// while they follow a job.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { createToken } from '../../src/api/auth/createToken.ts';
import type { Scope } from '../../src/api/auth/principal.ts';
import { freePort } from '../support/freePorts.ts';
import { startInstallation, type Installation } from '../support/installation.ts';
import type { TestProcess } from '../support/process.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { runPytest } from './support/python.ts';

const tokens = { acme: newToken('acme'), other: newToken('other'), admin: newToken('acme', 'admin') };

test('the Python client passes its tests against real processes', async () => {
  await using folder = await tempFolder('tokens');
  const file = join(folder.path, 'tokens.json');
  await writeFile(file, JSON.stringify({ tokens: Object.values(tokens).map(({ entry }) => entry) }));
  const env = { GENWARDEN_AUTH_TOKENS_FILE: file, GENWARDEN_CONCURRENCY: '16' };
  const installation = await startInstallation({ env, processes: ['controller', 'worker'] });
  const api = await restartable(installation);
  await runPytest('tests/live', {
    GENWARDEN_TEST_URL: api.url,
    GENWARDEN_TEST_RESTART_URL: await restartServer(api),
    GENWARDEN_TEST_TOKEN: tokens.acme.token,
    GENWARDEN_TEST_OTHER_TOKEN: tokens.other.token,
    GENWARDEN_TEST_ADMIN_TOKEN: tokens.admin.token,
  });
  // A quarter of a minute on an idle machine.
}, 300_000);

function newToken(tenant: string, ...more: Scope[]) {
  const scopes: Scope[] = ['jobs:read', 'jobs:write', ...more];
  return createToken({ name: `${tenant}-${scopes.at(-1)!}`, tenant, scopes, createdAt: Date.now() }, randomBytes);
}

interface RestartableApi {
  readonly url: string;
  /** Resolves once the process is dead; the next one is on its way by then, at the same address. */
  killAndStart(): Promise<void>;
}

async function restartable(installation: Installation): Promise<RestartableApi> {
  const port = await freePort();
  const start = (): Promise<TestProcess> => installation.start('api', { GENWARDEN_HTTP_PORT: String(port) });
  let running = Promise.resolve(await start());
  return {
    url: `http://127.0.0.1:${port}`,
    killAndStart: async () => {
      const api = await running;
      api.kill('SIGKILL');
      await api.exited;
      running = start();
      // A failure shows in the client's tests; the next restart throws it.
      running.catch(() => undefined);
    },
  };
}

/** Lets another process restart the API: any request to the address does. */
async function restartServer(api: RestartableApi): Promise<string> {
  const server = createServer((_, response) => {
    void api.killAndStart().then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
