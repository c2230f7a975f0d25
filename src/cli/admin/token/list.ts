// `genwarden token list`: the tokens of the file. Their secrets are not in it.

import type { Command } from 'commander';
import { defaultPerSecond } from '../../../api/auth/rateLimit.ts';
import { ageOf, untilTime } from '../../output/format.ts';
import { endOnClosedPipe, type Io } from '../../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../../output/print.ts';
import { renderTable, type Column } from '../../output/table.ts';
import { fileOption, tokensPath } from './fileOption.ts';
import { readTokens } from './tokensFile.ts';

export function addList(token: Command, io: Io): void {
  token
    .command('list')
    .description('List the tokens of the tokens file, without their secrets')
    .addOption(fileOption())
    .addOption(outputOption())
    .action((options: { file?: string; output: OutputFormat }) => list(io, options));
}

interface ListedToken {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly requestsPerSecond: number;
}

async function list(io: Io, options: { file?: string; output: OutputFormat }): Promise<void> {
  endOnClosedPipe(io.stdout);
  const tokens = (await readTokens(tokensPath(options, io))).map(
    ({ id, name, tenant, scopes, createdAt, expiresAt, requestsPerSecond }): ListedToken => ({
      id,
      name,
      tenant,
      scopes,
      createdAt,
      expiresAt: expiresAt ?? null,
      requestsPerSecond: requestsPerSecond ?? defaultPerSecond,
    }),
  );
  printAs(io, options.output, { items: tokens }, (tableOptions) =>
    renderTable(tokens, columns(io.now()), tableOptions),
  );
}

const columns = (now: number): Column<ListedToken>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, min: 10 },
  { title: 'TENANT', value: ({ tenant }) => tenant, min: 8, drop: 1 },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(' '), wrap: 12, drop: 2 },
  { title: 'EXPIRES', value: ({ expiresAt }) => expiryOf(expiresAt, now) },
  { title: 'AGE', value: ({ createdAt }) => ageOf(createdAt, now), drop: 3 },
  { title: 'PER SECOND', value: ({ requestsPerSecond }) => String(requestsPerSecond), wide: true },
];

function expiryOf(expiresAt: string | null, now: number): string {
  if (expiresAt === null) return 'never';
  return Date.parse(expiresAt) <= now ? 'expired' : untilTime(expiresAt, now);
}
