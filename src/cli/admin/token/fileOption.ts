// The option `--file` of every command for tokens, and how a token is found in the file.

import { Option } from 'commander';
import type { TokenEntry } from '../../../api/auth/tokenStore.ts';
import { loadSettings } from '../../../config/load.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Io } from '../../output/io.ts';

export const fileOption = (): Option => new Option('--file <path>', 'tokens file (env GENWARDEN_AUTH_TOKENS_FILE)');

/** Throws `UsageError` if no file is named. */
export function tokensPath({ file }: { readonly file?: string | undefined }, io: Io): string {
  const path = file ?? loadSettings({ env: io.env }).authTokensFile;
  if (path !== undefined) return path;
  throw new GenwardenError('UsageError', 'No tokens file: pass --file or set GENWARDEN_AUTH_TOKENS_FILE');
}

/** By id, or by a name that only one token has. Throws `UsageError`. */
export function findToken(tokens: readonly TokenEntry[], idOrName: string): TokenEntry {
  const byId = tokens.find(({ id }) => id === idOrName);
  if (byId !== undefined) return byId;
  const named = tokens.filter(({ name }) => name === idOrName);
  if (named.length === 1) return named[0]!;
  throw new GenwardenError(
    'UsageError',
    named.length === 0
      ? `No token has the id or name ${idOrName}; see \`genwarden token list\``
      : `${named.length} tokens are named ${idOrName}; use an id: ${named.map(({ id }) => id).join(', ')}`,
  );
}
