// Authenticates bearer tokens. Tokens are long and random, so an unsalted SHA-256 of each is enough to store.

import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseFile, reloadedFile, type FileFailure, type NamedFile } from '../../config/reloadedFile.ts';
import { tenantForm } from '../../job/tenantForm.ts';
import { logEvent } from '../../job/logEvents/index.ts';
import type { Logger } from '../../telemetry/log.ts';
import { scopes, type Principal } from './principal.ts';

/** The prefix of every Genwarden token. */
export const tokenPrefix = 'gw_';

export interface TokenStore {
  /** The principal of a token that is valid at `now` (ms since 1970); undefined for an unknown or expired token. */
  find(token: string, now: number): Principal | undefined;
  /** Calls `listener` after the tokens have changed, until the returned function is called; absent: they never change. */
  onChange?(listener: () => void): () => void;
  /** Why the current file cannot be used, so that previous tokens are; absent: there is no file. */
  failure?(): FileFailure | undefined;
}

const entry = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(100),
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits'),
  tenant: z.string().regex(tenantForm, 'must be 1 to 63 letters, digits, -, _ and .'),
  scopes: z.array(z.enum(scopes)).min(1),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
  requestsPerSecond: z.int().min(1).max(100_000).optional(),
});

/** With two entries for one token, or two tokens of one id, it would not be clear which rights and limits count. */
const tokenFile = z.strictObject({
  tokens: z.array(entry).superRefine((tokens, context) => {
    for (const key of ['id', 'hash'] as const) {
      const firstAt = new Map<string, number>();
      for (const [index, { [key]: value }] of tokens.entries()) {
        const first = firstAt.get(value);
        if (first === undefined) firstAt.set(value, index);
        else
          context.addIssue({ code: 'custom', path: [index, key], message: `is the same as that of tokens.${first}` });
      }
    }
  }),
});

export type TokenEntry = z.infer<typeof entry>;

/** Parses the text of a tokens file; throws `InvalidConfiguration` with every problem. */
export function parseTokens(text: string, path: string): readonly TokenEntry[] {
  return parseFile(tokenFile, text, named(path)).tokens;
}

const named = (path: string): NamedFile => ({ setting: 'GENWARDEN_AUTH_TOKENS_FILE', path });

/** Compares every entry, each in constant time. */
export function tokenStore(entries: readonly TokenEntry[]): TokenStore {
  const known = entries.map((each) => ({ ...each, digest: Buffer.from(each.hash.slice('sha256:'.length), 'hex') }));
  return {
    find(token, now) {
      const digest = createHash('sha256').update(token).digest();
      const [found] = known.filter((each) => timingSafeEqual(each.digest, digest));
      if (found === undefined || (found.expiresAt !== undefined && Date.parse(found.expiresAt) <= now))
        return undefined;
      const { id, name, tenant, scopes: granted, expiresAt, requestsPerSecond } = found;
      const expiry = expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) };
      const limit = requestsPerSecond === undefined ? {} : { requestsPerSecond };
      return { id, name, tenant, scopes: granted, ...expiry, ...limit };
    },
  };
}

export function hashOfToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

/** A token store that reloads its file when the file changes. */
export interface TokenFile extends TokenStore {
  close(): void;
}

/**
 * Loads a new version of the file within seconds. If it cannot be read, the last good version stays in use. Throws
 * `InvalidConfiguration` if the file cannot be read at the start.
 */
export function openTokenStore(path: string, options: { logger?: Logger; everyMs?: number } = {}): TokenFile {
  const { logger, everyMs } = options;
  const listeners = new Set<() => void>();
  const file = reloadedFile(named(path), (text) => tokenStore(parseTokens(text, path)), {
    everyMs,
    onReload: () => {
      if (logger !== undefined) logEvent(logger, 'tokens_reloaded', { path }, 'Reloaded the tokens file');
      for (const listener of listeners) listener();
    },
    onFailure: (error) => {
      const message = 'Cannot read the tokens file; the previous tokens stay valid';
      if (logger !== undefined) logEvent(logger, 'tokens_unreadable', { err: error, path }, message);
    },
  });
  return {
    find: (token, now) => file.current().find(token, now),
    failure: () => file.failure(),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => file.close(),
  };
}
