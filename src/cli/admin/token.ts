// `genwarden token create`: creates an API token, prints it once, and adds its hash to the tokens file.

import { randomBytes } from 'node:crypto';
import { Option, type Command } from 'commander';
import { createToken } from '../../api/auth/createToken.ts';
import { scopes, type Scope } from '../../api/auth/principal.ts';
import { parseTokens, type TokenEntry } from '../../api/auth/tokenStore.ts';
import { loadSettings } from '../../config/load.ts';
import { parseDuration } from '../../job/duration.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { durationText } from '../client/optionParsers.ts';
import { writeLine, type Io } from '../output/io.ts';
import { appendToken } from './tokensFile.ts';

interface TokenOptions {
  readonly name: string;
  readonly tenant: string;
  readonly scope: readonly Scope[];
  readonly expires?: string;
  readonly file?: string;
}

export function addToken(program: Command, io: Io): void {
  program
    .command('token')
    .description('Manage API tokens')
    .command('create')
    .description('Create a token, print it once, and add its hash to the tokens file')
    .requiredOption('--name <name>', 'human-readable name of the token')
    .option('--tenant <tenant>', 'tenant whose jobs the token can access', 'default')
    .addOption(
      new Option('--scope <scope...>', 'scopes of the token').choices([...scopes]).default(['jobs:read', 'jobs:write']),
    )
    .option('--expires <duration>', 'lifetime, such as 90d (default: no expiry)', durationText)
    .option('--file <path>', 'tokens file (env GENWARDEN_AUTH_TOKENS_FILE)')
    .action((options: TokenOptions) => createAndStore(io, options));
}

async function createAndStore(io: Io, options: TokenOptions): Promise<void> {
  const path = options.file ?? loadSettings({ env: io.env }).authTokensFile;
  if (path === undefined) {
    throw new GenwardenError('UsageError', 'No tokens file: pass --file or set GENWARDEN_AUTH_TOKENS_FILE');
  }
  const { name, tenant, scope, expires } = options;
  const createdAt = io.now();
  const expiry = expires === undefined ? {} : { expiresAt: createdAt + parseDuration(expires)! };
  const { token, entry } = createToken({ name, tenant, scopes: scope, createdAt, ...expiry }, randomBytes);
  rejectInvalidEntry(entry);
  await appendToken(path, entry);
  // Only the token goes to standard output, so that a script can read it.
  writeLine(io.stderr, `Added ${entry.id} (${name}, tenant ${tenant}) to ${path}. The token is shown only once:`);
  writeLine(io.stdout, token);
}

/** Throws `UsageError` if the API would reject the entry. */
function rejectInvalidEntry(entry: TokenEntry): void {
  try {
    parseTokens(JSON.stringify({ tokens: [entry] }), 'it');
  } catch (error) {
    if (!(error instanceof GenwardenError)) throw error;
    throw new GenwardenError('UsageError', error.message.replace(/^.*?: /, '').replaceAll('tokens.0.', '--'), {
      cause: error,
    });
  }
}
