// `genwarden doctor`: checks the installation, and can write a report for support.

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Check, GenwardenClient } from '../../client/index.ts';
import { describeSettings } from '../../config/describe.ts';
import { loadSettings, readSettings } from '../../config/load.ts';
import { maskText } from '../../config/mask.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { exitCodes } from '../exitCodes.ts';
import { printable } from '../output/text.ts';
import { paintFor } from '../output/colours.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { version } from '../../config/version.ts';
import { isUnreachable, whyUnreachable } from './connection.ts';
import { clientCommand, withClient } from './session.ts';

interface DoctorOptions {
  readonly bundle?: string;
  readonly output: OutputFormat;
}

export function addDoctor(program: Command, io: Io): void {
  clientCommand(program, 'doctor', 'Check the installation and advise on failed checks')
    .option('--bundle <file>', 'also write a JSON report for support, without secrets')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(withClient(io, (client, options: DoctorOptions) => runDoctor(io, client, options)));
}

async function runDoctor(io: Io, client: GenwardenClient, { bundle, output }: DoctorOptions): Promise<void> {
  const { reachable, checks, api } = await runChecks(io, client);
  printAs(io, output, { ok: checks.every(({ ok }) => ok), api, cli: version, checks }, () => checkLines(io, checks));
  if (bundle !== undefined) await writeBundle(io, client, bundle, { api, cli: version, checks });
  if (!reachable) io.exitWith(exitCodes.unreachable);
  else if (checks.some(({ ok }) => !ok)) io.exitWith(exitCodes.jobFailed);
}

interface Findings {
  readonly reachable: boolean;
  readonly checks: readonly Check[];
  /** The version of the API. */
  readonly api: string | null;
}

/** The API's own checks; if it is unavailable, a check of NATS from this machine with the local settings. */
async function runChecks(io: Io, client: GenwardenClient): Promise<Findings> {
  const without = async (says: string, advice: string): Promise<Findings> => {
    const api: Check = { name: 'api', ok: false, says, advice };
    return { reachable: false, api: null, checks: [api, await checkNatsLocally(io)] };
  };
  if (await isSilent(client)) return without(`no answer within ${silentAfterMs / 1_000} s`, adviceOnSilence);
  try {
    const { checks, version: api } = await client.doctor();
    const found = `version ${api}${api === version ? '' : `; this command is ${version}`}`;
    return { reachable: true, api, checks: [{ name: 'api', ok: true, says: found, advice: null }, ...checks] };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const advice = 'Check GENWARDEN_URL, and check that `genwarden api` is running.';
    return without(`no answer: ${whyUnreachable(error)}`, advice);
  }
}

const silentAfterMs = 5_000;
const adviceOnSilence =
  "Check GENWARDEN_URL and firewalls. If they are right, the API's process is frozen or its event loop is blocked: check the processor and memory of its machine, and restart it.";

/** True if nothing refuses the connection and nothing answers. The list of workers comes from the API's memory, so it is never slow. */
async function isSilent(client: GenwardenClient): Promise<boolean> {
  const limit = AbortSignal.timeout(silentAfterMs);
  return client.workers({ signal: limit }).then(
    () => false,
    () => limit.aborted,
  );
}

function checkLines(io: Io, checks: readonly Check[]): string[] {
  const paint = paintFor(io, io.stdout);
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, ok, says, advice }) => {
    const mark = ok ? paint('green', '✓') : paint('red', '✗');
    const line = `${mark} ${printable(name).padEnd(width)}  ${printable(says)}`;
    return advice === null ? [line] : [line, `  ${' '.repeat(width)}  → ${printable(advice)}`];
  });
}

async function writeBundle(io: Io, client: GenwardenClient, path: string, seen: object): Promise<void> {
  const orReason = async (result: Promise<unknown>): Promise<unknown> =>
    result.catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }));
  const { resolved } = readSettings({ env: io.env, terminal: false });
  const bundle = {
    writtenAt: new Date(io.now()).toISOString(),
    ...seen,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    // Masked: secrets show only that they are set.
    settings: describeSettings(resolved).filter(({ source }) => source !== 'default' && source !== 'unset'),
    pools: await orReason(client.pools()),
    workers: await orReason(client.workers()),
    stuck: await orReason(client.stuck()),
  };
  await writeFile(path, `${JSON.stringify(bundle, null, 2)}\n`, { mode: 0o600 });
  writeLine(
    io.stderr,
    `Wrote ${path}. It contains no keys or prompts, but it does contain names of hosts, pools and jobs. Review it before you send it.`,
  );
}

const natsTimeoutMs = 3_000;

async function checkNatsLocally({ env }: Pick<Io, 'env'>): Promise<Check> {
  const { nats } = loadSettings({ env, command: 'api' });
  const where = maskText(nats.urls.join(', '), false);
  // Imported lazily, so that the other commands do not load the NATS client.
  const { connectNats } = await import('../../adapters/nats/index.ts');
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  try {
    const context = { signal: AbortSignal.timeout(natsTimeoutMs), log: silent };
    const link = await connectNats({ ...nats, name: 'doctor' }, context);
    const server = link.connection.info?.version ?? 'unknown';
    await link.close();
    return { name: 'nats', ok: true, says: `${where} answers from this machine, version ${server}`, advice: null };
  } catch (error) {
    const why = error instanceof GenwardenError ? error.message : `no answer within ${natsTimeoutMs / 1_000} s`;
    const advice = 'Check GENWARDEN_NATS_URL, and check that nats-server runs with JetStream. The API waits for NATS.';
    return { name: 'nats', ok: false, says: `${where}: ${why}`, advice };
  }
}
