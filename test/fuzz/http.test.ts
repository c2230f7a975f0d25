// Every check of schemathesis against a running installation: requests that fit the OpenAPI document and requests that do not,
// one after the other and in sequences, with NATS, a controller, a worker and a stand-in that answers at once.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createToken } from '../../src/api/auth/createToken.ts';
import { GenwardenClient } from '../../src/client/index.ts';
import { endWithThisProcess } from '../support/cleanup.ts';
import { anImage, startInstallation } from '../support/installation.ts';
import { pythonProgram } from '../support/installedTools.ts';
import { tempFolder } from '../support/tempFolder.ts';

const configuration = fileURLToPath(new URL('../../hack/openapi/schemathesis.toml', import.meta.url));

it('schemathesis finds nothing that hack/openapi/schemathesis.toml does not list', async () => {
  await using folder = await tempFolder('fuzz');
  const file = join(folder.path, 'tokens.json');
  const { token, entry } = createToken(
    { name: 'fuzz', tenant: 'default', scopes: ['admin'], createdAt: Date.now() },
    (bytes) => randomBytes(bytes),
  );
  await writeFile(file, JSON.stringify({ tokens: [entry] }));
  const { url, standin } = await startInstallation({ env: { GENWARDEN_AUTH_TOKENS_FILE: file } });
  standin.behave({ kind: 'image', bytes: 'small' });
  const client = new GenwardenClient({ url, token });
  const { id } = await client.submit(anImage('a front yard'));
  await client.wait(id);

  const report = join(folder.path, 'report.xml');
  const env = { GENWARDEN_TOKEN: token, GENWARDEN_JOB: id };
  const args = ['--config-file', configuration, 'run', `${url}/openapi.json`, '--no-color', '--report', 'junit'];
  const code = await schemathesis([...args, '--report-junit-path', report], folder.path, env);
  expect({ code, failures: failuresOf(await readFile(report, 'utf8')) }).toEqual({ code: 0, failures: [] });
});

/** Its output goes to that of the test. The exit code is 0 if no check failed. */
async function schemathesis(args: string[], cwd: string, env: Record<string, string>): Promise<number | null> {
  const child = spawn(await pythonProgram('schemathesis'), args, {
    cwd,
    env: { ...process.env, ...env, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  endWithThisProcess(child);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  return promise;
}

const failuresOf = (report: string): string[] =>
  [...report.matchAll(/<failure[^>]*message="([^"]*)"/g)].map(([, message]) => message!);
