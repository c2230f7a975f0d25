// `kubectl genwarden`: runs the client commands against the Genwarden installation of a cluster.

import type { Command } from 'commander';
import { readableWords } from '../help/words.ts';
import { arrangeHelp, helpfulProgram } from '../help/index.ts';
import { addClientCommands } from '../client/index.ts';
import { processIo, writeLine, type Io } from '../output/io.ts';
import { completionLines } from './complete.ts';
import { connectThroughCluster } from './connect.ts';
import { addClusterDoctor } from './doctor/command.ts';
import { addPluginFlags } from './flags.ts';
import { addGetPicture } from './getPicture.ts';
import { addLogs } from './logs.ts';
import { addMigrateStorageVersion } from './migrateStorageVersion/command.ts';

/** `args` are the words after `kubectl genwarden`; if the first is `__complete`, prints completions for the rest. */
export async function runPlugin(args: readonly string[], io: Io = processIo()): Promise<void> {
  const program = buildPlugin(io);
  const [first, ...words] = args;
  if (first !== '__complete') await program.parseAsync(readableWords(program, args), { from: 'user' });
  else for (const line of completionLines(program, words)) writeLine(io.stdout, line);
}

export function buildPlugin(io: Io = processIo()): Command {
  const about = 'Inspects and changes the jobs of a Genwarden installation in a Kubernetes cluster.';
  const program = helpfulProgram('kubectl genwarden', about);
  program.configureHelp({ ...program.configureHelp(), showGlobalOptions: true });
  addPluginFlags(program);
  const connected: Io = { ...io, connect: connectThroughCluster(io), jobOfResource };
  addClientCommands(program, connected, addClusterDoctor);
  addLogs(program, connected);
  addGetPicture(program, connected);
  addMigrateStorageVersion(program, io);
  describeUrlFlag(program);
  describeJobs(program);
  return arrangeHelp(program);
}

/** Loaded when it is needed: other commands start faster without the schemas. */
const jobOfResource: NonNullable<Io['jobOfResource']> = async (name, flags) =>
  (await import('./resourceName.ts')).jobOfResource(name, flags);

/** In the plugin, a job may be named by its GenerationJob. */
function describeJobs(program: Command): void {
  for (const { registeredArguments } of program.commands) {
    for (const argument of registeredArguments.filter(({ description }) => description.startsWith('id')))
      argument.description += ', or gj/NAME of a GenerationJob';
  }
}

/** In the plugin, --url replaces the port-forward. */
function describeUrlFlag(program: Command): void {
  for (const { options } of program.commands) {
    const url = options.find(({ long }) => long === '--url');
    if (url !== undefined) url.description = 'address of the API; replaces the port-forward';
  }
}
