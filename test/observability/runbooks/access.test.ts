// The runbooks about what the API needs from elsewhere: receivers of webhooks and sources of tokens. Each fault is injected into real
// processes, and the command with which the page opens must name it.

import { writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, it, onTestFinished } from 'vitest';
import { createToken } from '../../../src/api/auth/createToken.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { expectRunbook, printRunbooks } from '../../support/runbooks.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { startReceiver, webhookSecrets } from '../../support/webhookReceiver.ts';

afterAll(printRunbooks);

it('webhook deliveries that were given up', async () => {
  const { secret, path } = await webhookSecrets();
  const receiver = await startReceiver(secret, () => 410);
  const { client, url } = await startInstallation({
    env: { GENWARDEN_WEBHOOK_SECRETS_FILE: path, GENWARDEN_WEBHOOK_ALLOW: '127.0.0.0/8' },
  });
  await client.submit(anImage('a front yard', { webhook: { url: `${receiver.url}/hook` } }));
  const dead = async (): Promise<boolean> => (await Array.fromAsync(client.deadWebhooks())).length > 0;
  await until(dead, { what: 'the dead delivery', timeoutMs: 30_000 });
  await expectRunbook(
    { alert: 'GenwardenWebhooksDead', fault: 'the receiver answers 410', names: / job\.finished .* Gone +http/ },
    'genwarden webhooks dead',
    { url },
  );
});

it('a tokens file that the API cannot read', async () => {
  const folder = await tempFolder('tokens');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'tokens.json');
  const about = { name: 'admin', tenant: 'default', scopes: ['jobs:read', 'jobs:write', 'admin'] as const };
  const { token, entry } = createToken({ ...about, scopes: [...about.scopes], createdAt: 0 }, (bytes) =>
    randomBytes(bytes),
  );
  await writeFile(path, JSON.stringify({ tokens: [entry] }), { mode: 0o600 });
  const { url } = await startInstallation({ env: { GENWARDEN_AUTH_TOKENS_FILE: path } });
  const client = new GenwardenClient({ url, token });
  await writeFile(path, JSON.stringify({ tokens: [entry] }).slice(0, -20), { mode: 0o600 });
  const noticed = async (): Promise<boolean> =>
    (await client.doctor()).checks.some(({ name, ok }) => name === 'tokens' && !ok);
  await until(noticed, { what: 'the API to notice', timeoutMs: 20_000 });
  await expectRunbook(
    {
      alert: 'GenwardenAuthSourceDown',
      fault: 'a mistake in the tokens file',
      names: /✗ tokens +.*the previous tokens stay valid/,
      shows: /tokens|API reads/,
      exitCode: 1,
    },
    'genwarden doctor',
    { url, env: { GENWARDEN_TOKEN: token } },
  );
});
