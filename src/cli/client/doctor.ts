// `genwarden doctor`: a checklist of the installation, and one file of it for whoever helps.

import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Check, GenwardenClient } from '../../client/index.ts';
import { describeSettings } from '../../config/describe.ts';
import { readSettings } from '../../config/load.ts';
import { exitCodes } from '../exitCodes.ts';
import { printable } from '../output/cells.ts';
import { paintFor } from '../output/colours.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { version } from '../../config/version.ts';
import { checkNatsFromHere } from './doctorNats.ts';
import { clientCommand, withClient } from './session.ts';
import { isUnreachable, whyUnreachable } from './unreachable.ts';

interface DoctorOptions {
  readonly bundle?: string;
  readonly output: OutputFormat;
}

export function addDoctor(program: Command, io: Io): void {
  clientCommand(program, 'doctor', 'Check the installation; each line that is wrong says what to do')
    .option('--bundle <file>', 'also write what was seen into a JSON file, without secrets, for support')
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(withClient(io, (client, options: DoctorOptions) => runDoctor(io, client, options)));
}

async function runDoctor(io: Io, client: GenwardenClient, { bundle, output }: DoctorOptions): Promise<void> {
  const { reachable, checks, api } = await look(io, client);
  printAs(io, output, { ok: checks.every(({ ok }) => ok), api, cli: version, checks }, () => checkLines(io, checks));
  if (bundle !== undefined) await writeBundle(io, client, bundle, { api, cli: version, checks });
  if (!reachable) io.exitWith(exitCodes.unreachable);
  else if (checks.some(({ ok }) => !ok)) io.exitWith(exitCodes.jobFailed);
}

interface Looked {
  readonly reachable: boolean;
  readonly checks: readonly Check[];
  /** Its version. */
  readonly api: string | null;
}

/** Through the API; where it is away, what can be seen of NATS from here. */
async function look(io: Io, client: GenwardenClient): Promise<Looked> {
  try {
    const { checks, version: api } = await client.doctor();
    const found = `version ${api}${api === version ? '' : `; this command is ${version}`}`;
    return { reachable: true, api, checks: [{ name: 'api', ok: true, says: found, advice: null }, ...checks] };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const advice = 'Check GENWARDEN_URL, and that `genwarden api` runs.';
    const api: Check = { name: 'api', ok: false, says: `no answer: ${whyUnreachable(error)}`, advice };
    return { reachable: false, api: null, checks: [api, await checkNatsFromHere(io)] };
  }
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
  const orWhy = async (what: Promise<unknown>): Promise<unknown> =>
    what.catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }));
  const { resolved } = readSettings({ env: io.env, terminal: false });
  const bundle = {
    writtenAt: new Date(io.now()).toISOString(),
    ...seen,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    // Masked: a secret shows only that it is set.
    settings: describeSettings(resolved).filter(({ source }) => source !== 'default' && source !== 'unset'),
    pools: await orWhy(client.pools()),
    workers: await orWhy(client.workers()),
    stuck: await orWhy(client.stuck()),
  };
  await writeFile(path, `${JSON.stringify(bundle, null, 2)}\n`, { mode: 0o600 });
  writeLine(
    io.stderr,
    `Wrote ${path}: no keys and no prompts, but names of hosts, pools and jobs. Read it before you send it.`,
  );
}
