// The help and the usage errors of the command line: commands grouped by who needs them, an example for each, and suggestions for
// misspelt words.

import { Command, Help, type HelpConfiguration } from 'commander';
import { version } from '../../config/version.ts';
import { administration, commandHelp } from './commands.ts';
import { helpGroupOf, isMainSetting, optionText, withoutVariable } from './options.ts';

interface ShownHelp extends Help {
  /** Help is printed. Otherwise commander looks for the options that a misspelt one may mean. */
  shown?: boolean;
  /** Without the settings that follow with `--all`. */
  brief?: boolean;
}

/**
 * A program whose commands, added later, inherit its help and errors. Finish it with `arrangeHelp`. `all`: the help of a process
 * lists every setting.
 */
export function helpfulProgram(name: string, description: string, { all = false } = {}): Command {
  const configuration: HelpConfiguration & ThisType<ShownHelp> = {
    // Descriptions wrap on a terminal of 40 columns too.
    minWidthToWrap: 20,
    prepareContext(context) {
      this.helpWidth = context.helpWidth ?? 80;
      this.shown = true;
    },
    subcommandTerm: (command) => command.name(),
    visibleOptions(command) {
      const options = new Help().visibleOptions(command);
      this.brief = !all && hasMore(command.name(), command);
      return this.brief && this.shown ? options.filter(({ long }) => isMainSetting(command.name(), long)) : options;
    },
    optionDescription(option) {
      return this.brief ? withoutVariable(optionText(option)) : optionText(option);
    },
  };
  return new Command(name)
    .description(description)
    .usage('[options] <command>')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .commandsGroup(administration)
    .helpCommand('help [command]', 'Show the help of a command')
    .configureHelp(configuration)
    .configureOutput({ outputError: (message, write) => write(usageError(message)) })
    .exitOverride();
}

/** Gives all commands their group, place, summary, examples and the hint at their help. */
export function arrangeHelp(program: Command, { all = false } = {}): Command {
  const names = Object.keys(commandHelp);
  (program.commands as Command[]).sort((one, other) => names.indexOf(one.name()) - names.indexOf(other.name()));
  program.showHelpAfterError(`  See \`${program.name()} --help\``);
  for (const command of program.commands) arrange(command, program.name(), command.name(), all);
  return program;
}

function arrange(command: Command, program: string, path: string, all: boolean): void {
  const { group, summary, examples = [] } = commandHelp[path] ?? {};
  command.showHelpAfterError(`  See \`${program} ${path} --help\``);
  if (group !== undefined) command.helpGroup(group);
  if (summary !== undefined) command.summary(summary);
  const lines = examples.map((example) => `  ${program} ${example}`);
  const more = isMainSetting(path, '--help') && hasMore(path, command) ? moreSettings(program, path, command, all) : [];
  if (lines.length > 0) {
    command.addHelpText('after', ['', ...more, lines.length === 1 ? 'Example:' : 'Examples:', ...lines].join('\n'));
  }
  if (all && hasMore(path, command)) for (const option of command.options) option.helpGroup(helpGroupOf(option));
  for (const child of command.commands) arrange(child, program, `${path} ${child.name()}`, all);
}

const hasMore = (path: string, { options }: Command): boolean => options.some(({ long }) => !isMainSetting(path, long));

/** Where the settings are that the help leaves out. */
function moreSettings(program: string, path: string, { options }: Command, all: boolean): string[] {
  const source = 'Each is also a variable: --log-level is GENWARDEN_LOG_LEVEL.';
  if (all) return [`${source} Values: \`${program} config\``, ''];
  return [
    `All ${options.length} settings: \`${program} ${path} --help --all\`. Values: \`${program} config\``,
    source,
    '',
  ];
}

/** Commander's message in the manner of Genwarden's own errors. */
function usageError(message: string): string {
  return message
    .replace(/^error: /, 'genwarden: ')
    .replace(/\n\(Did you mean (?:one of )?(.+)\?\)/, (_, words: string) => {
      return `\n  Did you mean ${words
        .split(', ')
        .map((word) => `'${word}'`)
        .join(' or ')}?`;
    });
}
