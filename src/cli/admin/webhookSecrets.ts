// `genwarden webhooks secret create` and `… show`: the secrets that webhooks are signed with, in the file that the API reads.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadSettings } from '../../config/load.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { textOfUtf8 } from '../../job/json/utf8.ts';
import { newSecret, parseSecrets, type SecretEntry } from '../../webhooks/index.ts';
import { writeLine, type Io } from '../output/io.ts';
import { updateFile } from './updateFile.ts';

interface SecretOptions {
  readonly tenant: string;
  readonly file?: string;
}

/** `webhooks`: the command to add to. */
export function addWebhookSecrets(webhooks: Command, io: Io): void {
  const secret = webhooks.command('secret').description('Manage the secrets that sign webhooks');
  withFile(secret.command('create').description('Create a secret, add it to the secrets file, and print it')).action(
    (options: SecretOptions) => createAndStore(io, options),
  );
  withFile(secret.command('show').description("Print a tenant's secrets, newest last")).action(
    (options: SecretOptions) => show(io, options),
  );
}

const withFile = (command: Command): Command =>
  command
    .option('--tenant <tenant>', 'tenant whose webhooks the secret signs', 'default')
    .option('--file <path>', 'secrets file (env GENWARDEN_WEBHOOK_SECRETS_FILE)');

async function createAndStore(io: Io, options: SecretOptions): Promise<void> {
  const path = pathOf(io, options);
  const { tenant } = options;
  const entry = { tenant, secret: newSecret(randomBytes(32)), createdAt: new Date(io.now()).toISOString() };
  await addSecret(path, entry);
  // Only the secret goes to standard output, so that a script can read it.
  writeLine(io.stderr, `Added a secret of tenant ${tenant} to ${path}. Its receivers verify webhooks with:`);
  writeLine(io.stdout, entry.secret);
}

/** Throws `InvalidConfiguration` for a file that is not a secrets file, or a tenant that cannot have this secret. */
const addSecret = (path: string, entry: SecretEntry): Promise<void> =>
  updateFile(path, 'webhook secrets file', (text) => {
    const secrets = text.trim() === '' ? [] : parseSecrets(text, path);
    const next = `${JSON.stringify({ secrets: [...secrets, entry] }, null, 2)}\n`;
    parseSecrets(next, path);
    return next;
  });

async function show(io: Io, options: SecretOptions): Promise<void> {
  const path = pathOf(io, options);
  const text = await readFile(path)
    .then(textOfUtf8)
    .catch((cause: Error) => {
      throw new GenwardenError('UsageError', `The webhook secrets file cannot be read: ${cause.message}`, { cause });
    });
  const own = parseSecrets(text, path).filter(({ tenant }) => tenant === options.tenant);
  if (own.length === 0) throw new GenwardenError('UsageError', `${path} has no secret of tenant ${options.tenant}`);
  for (const { secret } of own) writeLine(io.stdout, secret);
}

function pathOf(io: Io, { file }: SecretOptions): string {
  const path = file ?? loadSettings({ env: io.env }).webhooks.secretsFile;
  if (path !== undefined) return path;
  throw new GenwardenError('UsageError', 'No secrets file: pass --file or set GENWARDEN_WEBHOOK_SECRETS_FILE');
}
