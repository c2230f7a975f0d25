// Who a bearer token is: tokens are random and long, so a plain SHA-256 of each is all that is kept.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Logger } from '../../telemetry/log.ts';
import { scopes, type Principal } from './principal.ts';

/** What every token of ours begins with. */
export const ownTokenStart = 'gw_';

export interface TokenStore {
  /** Who the token is at this moment (ms since 1970); undefined for an unknown or expired one. */
  find(token: string, now: number): Principal | undefined;
}

export const tenantForm = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

const entry = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(100),
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits'),
  tenant: z.string().regex(tenantForm, 'must be 1 to 63 letters, digits, -, _ and .'),
  scopes: z.array(z.enum(scopes)).min(1),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
});

const tokenFile = z.strictObject({ tokens: z.array(entry) });

export type TokenEntry = z.infer<typeof entry>;

/** Reads the text of a tokens file; throws `InvalidConfiguration` with each problem. */
export function parseTokens(text: string, path: string): readonly TokenEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new GenwardenError('InvalidConfiguration', `GENWARDEN_AUTH_TOKENS_FILE=${path}: is not JSON`);
  }
  const parsed = tokenFile.safeParse(json);
  if (parsed.success) return parsed.data.tokens;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw new GenwardenError('InvalidConfiguration', `GENWARDEN_AUTH_TOKENS_FILE=${path}: ${problems.join('; ')}`);
}

/** A store of these tokens. Every entry is compared, in constant time. */
export function tokenStore(entries: readonly TokenEntry[]): TokenStore {
  const known = entries.map((each) => ({ ...each, digest: Buffer.from(each.hash.slice('sha256:'.length), 'hex') }));
  return {
    find(token, now) {
      const digest = createHash('sha256').update(token).digest();
      const [found] = known.filter((each) => timingSafeEqual(each.digest, digest));
      if (found === undefined || (found.expiresAt !== undefined && Date.parse(found.expiresAt) <= now))
        return undefined;
      const { id, name, tenant, scopes: granted } = found;
      return { id, name, tenant, scopes: granted };
    },
  };
}

export function hashOfToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

/** A store that follows its file. */
export interface TokenFile extends TokenStore {
  close(): void;
}

/**
 * The tokens of a file: a new version of it counts within seconds; one that cannot be read is refused and the last good
 * one stays. Throws `InvalidConfiguration` where the file cannot be read at the start.
 */
export function openTokenStore(path: string, options: { logger?: Logger; everyMs?: number } = {}): TokenFile {
  const { logger, everyMs = 1_000 } = options;
  let store = readStore(path);
  const reload = (): void => {
    try {
      store = readStore(path);
      logger?.info({ path }, 'read the tokens file again');
    } catch (error) {
      logger?.error({ err: error, path }, 'the tokens file cannot be read; the tokens of before stay valid');
    }
  };
  // Looks instead of listening: a mounted secret changes by a symbolic link, which file events miss.
  watchFile(path, { interval: everyMs, persistent: false }, reload);
  return { find: (token, now) => store.find(token, now), close: () => unwatchFile(path, reload) };
}

function readStore(path: string): TokenStore {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = (error as Error).message;
    throw new GenwardenError('InvalidConfiguration', `GENWARDEN_AUTH_TOKENS_FILE=${path}: cannot be read (${why})`);
  }
  return tokenStore(parseTokens(text, path));
}
