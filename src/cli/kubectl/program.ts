// `kubectl genwarden`: runs the client commands against the Genwarden installation of a cluster.

import { Command } from 'commander';
import { addClientCommands } from '../client/index.ts';
import { processIo, writeLine, type Io } from '../output/io.ts';
import { version } from '../../config/version.ts';
import { completionLines } from './complete.ts';
import { connectThroughCluster } from './connect.ts';
import { addPluginFlags } from './flags.ts';
import { addLogs } from './logs.ts';

/** `args` are the words after `kubectl genwarden`; if the first is `__complete`, prints completions for the rest. */
export async function runPlugin(args: readonly string[], io: Io = processIo()): Promise<void> {
  const program = buildPlugin(io);
  const [first, ...words] = args;
  if (first !== '__complete') await program.parseAsync([...args], { from: 'user' });
  else for (const line of completionLines(program, words)) writeLine(io.stdout, line);
}

export function buildPlugin(io: Io = processIo()): Command {
  const program = new Command('kubectl genwarden')
    .description('Inspect and change the jobs of a Genwarden installation in a Kubernetes cluster.')
    .version(version)
    .helpCommand('help [command]', 'Show the help of a command')
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  addPluginFlags(program);
  const connected: Io = { ...io, connect: connectThroughCluster(io) };
  addClientCommands(program, connected);
  addLogs(program, connected);
  describeUrlFlag(program);
  return program;
}

/** In the plugin, --url replaces the port-forward. */
function describeUrlFlag(program: Command): void {
  for (const { options } of program.commands) {
    const url = options.find(({ long }) => long === '--url');
    if (url !== undefined) url.description = 'address of the API; replaces the port-forward';
  }
}
