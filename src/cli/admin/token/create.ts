// `genwarden token create`: creates an API token, prints it once, and adds its hash to the tokens file.

import { randomBytes } from 'node:crypto';
import { Option, type Command } from 'commander';
import { createToken } from '../../../api/auth/createToken.ts';
import { scopes, type Scope } from '../../../api/auth/principal.ts';
import { parseTokens, type TokenEntry } from '../../../api/auth/tokenStore.ts';
import { parseDuration } from '../../../job/duration.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { durationText, wholeNumber } from '../../client/optionParsers.ts';
import { writeLine, type Io } from '../../output/io.ts';
import { fileOption, tokensPath } from './fileOption.ts';
import { changeTokens } from './tokensFile.ts';

interface TokenOptions {
  readonly name: string;
  readonly tenant: string;
  readonly scope: readonly Scope[];
  readonly expires?: string;
  readonly requestsPerSecond?: number;
  readonly file?: string;
}

export function addCreate(token: Command, io: Io): void {
  token
    .command('create')
    .description('Create a token, print it once, and add its hash to the tokens file')
    .requiredOption('--name <name>', 'human-readable name of the token')
    .option('--tenant <tenant>', 'tenant whose jobs the token can access', 'default')
    .addOption(
      new Option('--scope <scope...>', 'scopes of the token').choices([...scopes]).default(['jobs:read', 'jobs:write']),
    )
    .option('--expires <duration>', 'lifetime, such as 90d (default: no expiry)', durationText)
    .option('--requests-per-second <number>', 'limit of all API processes together (default: 200)', wholeNumber(1))
    .addOption(fileOption())
    .action((options: TokenOptions) => createAndStore(io, options));
}

async function createAndStore(io: Io, options: TokenOptions): Promise<void> {
  const path = tokensPath(options, io);
  const { name, tenant, scope, expires, requestsPerSecond } = options;
  const createdAt = io.now();
  const expiry = expires === undefined ? {} : { expiresAt: createdAt + parseDuration(expires)! };
  const limit = requestsPerSecond === undefined ? {} : { requestsPerSecond };
  const { token, entry } = createToken({ name, tenant, scopes: scope, createdAt, ...expiry, ...limit }, randomBytes);
  rejectInvalidEntry(entry);
  await changeTokens(path, (tokens) => ({ tokens: [...tokens, entry], result: undefined }));
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
