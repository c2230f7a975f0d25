// Webhooks in `dev` work without settings: the tenant gets a secret, and receivers may run on this machine.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { logEvent, type EventLogger } from '../../job/logEvents/index.ts';
import { newSecret } from '../../webhooks/index.ts';

const thisMachine = ['localhost', '127.0.0.0/8', '::1'];

/** A secret is created once, in the data folder, and kept. */
export async function devWebhooks(
  { webhooks: { secretsFile, allow }, dataDir }: Settings,
  logger: EventLogger,
): Promise<Settings['webhooks']> {
  const reachable = allow.length === 0 ? thisMachine : allow;
  if (secretsFile !== undefined) return { secretsFile, allow: reachable };
  const path = join(dataDir, 'webhook-secrets.json');
  const entry = { tenant: 'default', secret: newSecret(randomBytes(32)), createdAt: new Date().toISOString() };
  const text = `${JSON.stringify({ secrets: [entry] }, null, 2)}\n`;
  await writeFile(path, text, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const message = `webhooks are signed; get the secret with \`genwarden webhooks secret show --file ${path}\``;
  logEvent(logger, 'webhooks_signed', { path }, message);
  return { secretsFile: path, allow: reachable };
}
