// `genwarden doctor`: checks the installation, and can write a report for support.

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Check, GenwardenClient } from '../../client/index.ts';
import { describeSettings } from '../../config/describe.ts';
import { loadSettings, readSettings } from '../../config/load.ts';
import { maskText } from '../../config/mask.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { failed, passed } from '../../jobs/doctor/check.ts';
import { exitCodes } from '../exitCodes.ts';
import { hanging, printable } from '../output/text.ts';
import { paintFor } from '../output/colours.ts';
import { terminalWidth, writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { version } from '../../config/version.ts';
import { isUnreachable, whyUnreachable } from './connection.ts';
import { clientCommand, withClient } from './session.ts';

export interface DoctorOptions {
  readonly provider: boolean;
  readonly bundle?: string;
  readonly output: OutputFormat;
}

export function addDoctor(program: Command, io: Io): void {
  doctorCommand(program).action(
    withClient(io, async (client, options: DoctorOptions) => {
      await finish(io, client, options, await findingsOf(client, options, (error) => alone(io, error)));
    }),
  );
}

/** The command without its action. */
export function doctorCommand(program: Command): Command {
  return clientCommand(program, 'doctor', 'Check the installation and advise on failed checks')
    .option('--bundle <file>', 'also write a JSON report for support, without secrets')
    .option('--no-provider', 'do not let workers call their provider, which is free: they ask for its list of models')
    .addOption(outputOption('table', 'json', 'yaml'));
}

/** Prints what was found, writes the bundle that was asked for, and sets the exit code. */
export async function finish(
  io: Io,
  client: GenwardenClient | undefined,
  { bundle, output }: DoctorOptions,
  { reachable, checks, api }: Findings,
): Promise<void> {
  printAs(io, output, { ok: checks.every(({ ok }) => ok), api, cli: version, checks }, () => checkLines(io, checks));
  if (bundle !== undefined) await writeBundle(io, client, bundle, { api, cli: version, checks });
  if (!reachable) io.exitWith(exitCodes.unreachable);
  else if (checks.some(({ ok }) => !ok)) io.exitWith(exitCodes.jobFailed);
}

export interface Findings {
  readonly reachable: boolean;
  readonly checks: readonly Check[];
  /** The version of the API. */
  readonly api: string | null;
}

/** The API's own checks; if it is unavailable, those of `otherwise`, which gets the reason. */
export async function findingsOf(
  client: GenwardenClient,
  { provider }: Pick<DoctorOptions, 'provider'>,
  otherwise: (error: unknown) => Findings | Promise<Findings>,
): Promise<Findings> {
  if (await isSilent(client)) return otherwise(new Silence());
  try {
    const { checks, version: api } = await client.doctor(provider ? {} : { provider });
    const found = `version ${api}${api === version ? '' : `; this command is ${version}`}`;
    return { reachable: true, api, checks: [{ ...passed('api', found), seenBy: thisShell }, ...checks] };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return otherwise(error);
  }
}

/** A check of NATS from this machine with the local settings. */
async function alone(io: Io, error: unknown): Promise<Findings> {
  const [says, advice] =
    error instanceof Silence
      ? [error.message, adviceOnSilence]
      : [`no answer: ${whyUnreachable(error)}`, 'Check GENWARDEN_URL, and check that `genwarden api` is running.'];
  const api: Check = { name: 'api', ok: false, says, advice, seenBy: thisShell };
  return { reachable: false, api: null, checks: [api, await checkNatsLocally(io)] };
}

/** Nothing refuses the connection and nothing answers. */
class Silence extends Error {
  constructor() {
    super(`no answer within ${silentAfterMs / 1_000} s`);
  }
}

/** Where the command runs, with its settings. */
const thisShell = 'this shell';

const silentAfterMs = 5_000;
const adviceOnSilence =
  "Check GENWARDEN_URL and firewalls. If they are right, the API's process is frozen or its event loop is blocked: check the processor and memory of its machine, and restart it.";

/** True if nothing refuses the connection and nothing answers. The activity comes from the API's memory, so it is never slow. */
async function isSilent(client: GenwardenClient): Promise<boolean> {
  const limit = AbortSignal.timeout(silentAfterMs);
  return client.activity({ signal: limit }).then(
    () => false,
    () => limit.aborted,
  );
}

/** Grouped by the processes that found them: each has its own settings, network and clock. */
function checkLines(io: Io, checks: readonly Check[]): string[] {
  const views = [...new Set(checks.map(seenBy))];
  // A pipe gets long lines, so that each can be searched for.
  const width = terminalWidth(io.stdout);
  // Below a longer name, such as that of a pool, its text begins on the next line.
  const nameWidth = Math.min(Math.max(...checks.map(({ name }) => name.length)), Math.floor((width ?? Infinity) / 4));
  const linesOf = (check: Check): string[] => linesOfCheck(paintFor(io, io.stdout), check, nameWidth, width);
  return views.flatMap((view) => [
    ...hanging('Seen by ', `${view}:`, width),
    ...checks.filter((check) => seenBy(check) === view).flatMap(linesOf),
  ]);
}

/** APIs of earlier versions do not say it. */
const seenBy = (check: Partial<Pick<Check, 'seenBy'>>): string => check.seenBy ?? 'the API';

function linesOfCheck(
  paint: ReturnType<typeof paintFor>,
  { name, ok, says, advice }: Check,
  nameWidth: number,
  width: number | undefined,
): string[] {
  const mark = ok ? (advice === null ? paint('green', '✓') : paint('yellow', '!')) : paint('red', '✗');
  const found = hanging(`${mark} ${printable(name).padEnd(nameWidth)}  `, says, width);
  return advice === null ? found : [...found, ...hanging(`${' '.repeat(nameWidth + 4)}→ `, advice, width)];
}

async function writeBundle(io: Io, client: GenwardenClient | undefined, path: string, seen: object): Promise<void> {
  const orReason = async (result: Promise<unknown> | undefined): Promise<unknown> =>
    result?.catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }));
  const { resolved } = readSettings({ env: io.env, terminal: false });
  const bundle = {
    writtenAt: new Date(io.now()).toISOString(),
    ...seen,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    // Masked: secrets show only that they are set.
    settings: describeSettings(resolved).filter(({ source }) => source !== 'default' && source !== 'unset'),
    pools: await orReason(client?.pools()),
    workers: await orReason(client?.workers()),
    stuck: await orReason(client?.stuck()),
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
    return { ...passed('nats', `${where} answers from this machine, version ${server}`), seenBy: thisShell };
  } catch (error) {
    const why = error instanceof GenwardenError ? error.message : `no answer within ${natsTimeoutMs / 1_000} s`;
    const advice = 'Check GENWARDEN_NATS_URL, and check that nats-server runs with JetStream. The API waits for NATS.';
    return { ...failed('nats', `${where}: ${why}`, advice), seenBy: thisShell };
  }
}
