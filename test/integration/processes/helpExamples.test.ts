// The examples of the help, run in a shell against one installation: every command that a client has, with a job that fits it.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandHelp } from '../../../src/cli/help/commands.ts';
import type { GenwardenClient } from '../../../src/client/index.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const bin = fileURLToPath(new URL('../../../bin', import.meta.url));

/** Commands that run until a signal or need a cluster, and those of webhooks, which this installation does not send. */
const elsewhere =
  /^(dev|demo|api|worker|controller|operator|logs|get-picture|migrate-storage-version|top$|webhooks|stuck .*--fix)/;

const small = 'a yard [standin: image small]';

/** The job that the example's command needs. */
async function jobFor(client: GenwardenClient, example: string): Promise<string> {
  const [command] = example.split(' ');
  if (command === 'review') {
    const { id } = await client.submit(anImage(small, { policy: { review: 'always' } }));
    return (await client.wait(id)).id;
  }
  if (command === 'cancel') return (await client.submit(anImage('a yard [standin: hang]'))).id;
  const { id } = await client.submit(anImage(command === 'retry' ? 'a yard [standin: refuse-prompt SAFETY]' : small));
  return (await client.wait(id)).id;
}

test('they end without an error', { timeout: 240_000 }, async () => {
  await using folder = await tempFolder();
  const { client, url } = await startInstallation({ env: { GENWARDEN_HEARTBEAT_TIMEOUT: '3s' } });
  const examples = Object.values(commandHelp).flatMap((help) => help.examples);
  const failures: unknown[] = [];
  for (const example of new Set(examples.filter((each) => !elsewhere.test(each)))) {
    const id = example.includes('4k7q') ? await jobFor(client, example) : '';
    // After the rotation there are two tokens of that name.
    const file = example.startsWith('token revoke') ? 'revoke.json' : 'tokens.json';
    if (file === 'revoke.json') await inShell(`genwarden token create --name ci --file ${file}`, folder.path, url);
    const line = example.replace('4k7q', id).replace('tokens.json', file);
    const ran = await inShell(`genwarden ${line}`, folder.path, url);
    if (ran.code !== 0) failures.push({ example, ...ran });
  }
  expect(failures).toEqual([]);
});

/** As a person would type it. */
async function inShell(line: string, cwd: string, url: string): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, GENWARDEN_URL: url };
  const shell = spawn('sh', ['-c', line], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => shell.once('close', resolve));
  return { code, output };
}
