// `genwarden token rotate`: replaces a token by one with the same rights, and lets the old one expire.

import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { createToken } from '../../../api/auth/createToken.ts';
import type { TokenEntry } from '../../../api/auth/tokenStore.ts';
import { parseDuration } from '../../../job/duration.ts';
import { durationText } from '../../client/optionParsers.ts';
import { writeLine, type Io } from '../../output/io.ts';
import { fileOption, findToken, tokensPath } from './fileOption.ts';
import { changeTokens } from './tokensFile.ts';

export function addRotate(token: Command, io: Io): void {
  token
    .command('rotate')
    .description('Replace a token by a new one with the same rights, print it once, and let the old one expire')
    .argument('<token>', 'id of the token, or its name if no other token has it')
    .option('--overlap <duration>', 'how long the old token stays valid', durationText, '24h')
    .addOption(fileOption())
    .action((idOrName: string, options: { overlap: string; file?: string }) => rotate(io, idOrName, options));
}

async function rotate(io: Io, idOrName: string, options: { overlap: string; file?: string }): Promise<void> {
  const path = tokensPath(options, io);
  const now = io.now();
  const { token, old, entry } = await changeTokens(path, (tokens) => {
    const found = findToken(tokens, idOrName);
    const created = createToken(successorOf(found, now), randomBytes);
    const ending = endingBy(found, now + parseDuration(options.overlap)!);
    const kept = tokens.map((each) => (each === found ? ending : each));
    return { tokens: [...kept, created.entry], result: { ...created, old: ending } };
  });
  writeLine(
    io.stderr,
    `Added ${entry.id} (${entry.name}, tenant ${entry.tenant}) to ${path}. ${old.id} expires at ${old.expiresAt}. The new token is shown only once:`,
  );
  writeLine(io.stdout, token);
}

/** With the old token's name, rights, limit and lifetime. */
function successorOf({ name, tenant, scopes, createdAt, expiresAt, requestsPerSecond }: TokenEntry, now: number) {
  const lifetime = expiresAt === undefined ? undefined : Date.parse(expiresAt) - Date.parse(createdAt);
  return {
    name,
    tenant,
    scopes,
    createdAt: now,
    ...(lifetime === undefined ? {} : { expiresAt: now + lifetime }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
  };
}

/** A token that expires earlier keeps its end. */
function endingBy(entry: TokenEntry, end: number): TokenEntry {
  const expiresAt = Math.min(end, entry.expiresAt === undefined ? Infinity : Date.parse(entry.expiresAt));
  return { ...entry, expiresAt: new Date(expiresAt).toISOString() };
}
