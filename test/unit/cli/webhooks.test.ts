// `genwarden webhooks …`: dead deliveries, and the secrets file.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseSecrets } from '../../../src/webhooks/index.ts';
import { runCommand } from '../../support/commandLine.ts';
import { tempFolder } from '../../support/tempFolder.ts';

async function secretsFile(): Promise<string> {
  const folder = await tempFolder('secrets');
  onTestFinished(() => folder.remove());
  return join(folder.path, 'webhook-secrets.json');
}

test('secret create adds a secret, which only its owner can read, and prints it alone on standard output', async () => {
  const path = await secretsFile();
  const create = (...args: string[]) => runCommand(['webhooks', 'secret', 'create', '--file', path, ...args], {});
  const first = await create();
  expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=\n$/)]);
  expect(first.stderr).not.toContain('whsec_');
  const second = await create('--tenant', 'team.a');
  const third = await create();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const stored = parseSecrets(await readFile(path, 'utf8'), path);
  expect(stored.map(({ tenant, secret }) => [tenant, `${secret}\n`])).toEqual([
    ['default', first.stdout],
    ['team.a', second.stdout],
    ['default', third.stdout],
  ]);
  const shown = await runCommand(['webhooks', 'secret', 'show'], { env: { GENWARDEN_WEBHOOK_SECRETS_FILE: path } });
  expect(shown.stdout).toBe(first.stdout + third.stdout);
});

test('secret create refuses a tenant that is none, a sixth secret, and a missing file name', async () => {
  const path = await secretsFile();
  const create = (...args: string[]) => runCommand(['webhooks', 'secret', 'create', ...args], {});
  expect((await create('--file', path, '--tenant', 'a b')).code).toBe(2);
  for (let at = 0; at < 5; at += 1) expect((await create('--file', path)).code).toBe(0);
  const sixth = await create('--file', path);
  expect([sixth.code, sixth.stderr]).toEqual([2, expect.stringContaining('has 6 secrets: it can have 5')]);
  expect(parseSecrets(await readFile(path, 'utf8'), path)).toHaveLength(5);
  expect((await create()).stderr).toContain('pass --file or set GENWARDEN_WEBHOOK_SECRETS_FILE');
});
