// The tokens file as a token store that follows the file: a new version counts within seconds, a broken one is refused
// and the last good one stays.

import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Logger } from '../../telemetry/log.ts';
import { GenwardenError } from '../../job/errors.ts';
import { parseTokens, tokenStore, type TokenStore } from './tokenStore.ts';

export interface FileTokenStore extends TokenStore {
  close(): void;
}

/** Throws `InvalidConfiguration` where the file cannot be read at the start; looks for changes every `everyMs`. */
export function fileTokenStore(path: string, logger: Logger, everyMs = 1_000): FileTokenStore {
  let store = read(path);
  const reload = (): void => {
    try {
      store = read(path);
      logger.info({ path }, 'Read the tokens file again');
    } catch (error) {
      logger.error({ err: error, path }, 'The tokens file cannot be read; the tokens of before stay valid');
    }
  };
  // Looks instead of listening: a mounted secret changes by a symbolic link, which file events miss.
  watchFile(path, { interval: everyMs, persistent: false }, reload);
  return { find: (token, now) => store.find(token, now), close: () => unwatchFile(path, reload) };
}

function read(path: string): TokenStore {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = (error as Error).message;
    throw new GenwardenError('InvalidConfiguration', `GENWARDEN_AUTH_TOKENS_FILE=${path}: cannot be read (${why})`);
  }
  return tokenStore(parseTokens(text, path));
}
