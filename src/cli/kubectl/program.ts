// `kubectl genwarden`: the client commands against the Genwarden of a cluster.

import { Command } from 'commander';
import { addClientCommands } from '../client/index.ts';
import { processIo, writeLine, type Io } from '../output/io.ts';
import { version } from '../../config/version.ts';
import { completionLines } from './complete.ts';
import { connectThroughCluster } from './connect.ts';
import { addPluginFlags } from './flags.ts';
import { addLogs } from './logs.ts';

/** With the words after `kubectl genwarden`; `__complete` before them asks what may follow. */
export async function runPlugin(args: readonly string[], io: Io = processIo()): Promise<void> {
  const program = buildPlugin(io);
  const [first, ...words] = args;
  if (first !== '__complete') await program.parseAsync([...args], { from: 'user' });
  else for (const line of completionLines(program, words)) writeLine(io.stdout, line);
}

export function buildPlugin(io: Io = processIo()): Command {
  const program = new Command('kubectl genwarden')
    .description('Looks at and changes the jobs of a Genwarden in a Kubernetes cluster.')
    .version(version)
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addPluginFlags(program);
  const connected: Io = { ...io, connect: connectThroughCluster(io) };
  addClientCommands(program, connected);
  addLogs(program, connected);
  sayWhatUrlMeansHere(program);
  return program;
}

function sayWhatUrlMeansHere(program: Command): void {
  for (const { options } of program.commands) {
    const url = options.find(({ long }) => long === '--url');
    if (url !== undefined) url.description = 'the address of the API, instead of a port-forward to it';
  }
}
