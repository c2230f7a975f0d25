// Describes settings for `genwarden config` (value, masked, and source) and as command-line flags.

import { maskText } from './mask.ts';
import { settingDefinitions } from './settings.ts';
import type { Command, ResolvedSetting, SettingDefinition, Source } from './setting.ts';

export interface DescribedSetting {
  readonly variable: string;
  readonly flag: string;
  /** Undefined if unset; only the length of a secret. */
  readonly value: string | undefined;
  /** `default`, `unset`, `env GENWARDEN_POOL`, `flag --pool`, or `file GENWARDEN_TOKEN_FILE`. */
  readonly source: string;
  readonly description: string;
}

/** Each setting that `readSettings` resolved, or those that the command uses, in order of definition. */
export function describeSettings(resolved: readonly ResolvedSetting[], command?: Command): DescribedSetting[] {
  const used = resolved.filter(({ definition }) => command === undefined || definition.usedBy.includes(command));
  return used.map(({ definition, text, source }) => ({
    variable: definition.variable,
    flag: definition.flag,
    value: text === undefined ? undefined : maskText(text, definition.secret === true),
    source: describeSource(source),
    description: definition.description,
  }));
}

function describeSource(source: Source): string {
  if (!('name' in source)) return source.kind;
  return `${source.kind === 'variable' ? 'env' : source.kind} ${source.name}`;
}

/** The command-line flag of a setting. */
export interface FlagDefinition {
  /** In commander's syntax: `--http-port <port>`. Do not give commander a default: `loadSettings` applies it. */
  readonly flags: string;
  /** The key under which `loadSettings` expects the value: `httpPort`. */
  readonly attribute: string;
  /** With default and variable, for `--help`. */
  readonly description: string;
}

/** The flags of a command, one per setting that it uses. A secret has a flag only for its file. */
export function flagsFor(command: Command): FlagDefinition[] {
  return settingDefinitions
    .filter(({ usedBy }) => usedBy.includes(command))
    .map((definition) => ({
      flags: `${definition.flag} <${definition.secret === true ? 'path' : definition.placeholder}>`,
      attribute: definition.flagAttribute,
      description: helpText(definition),
    }));
}

function helpText({ description, secret, fileVariable, variable, default: byDefault }: SettingDefinition): string {
  const name = secret === true ? fileVariable : variable;
  const phrase = asPhrase(description);
  const meaning = secret === true ? `file that contains the ${phrase}` : phrase;
  return `${meaning} (${byDefault === undefined ? '' : `default ${byDefault}; `}env ${name})`;
}

/** `--help` writes all descriptions in lower case, like commander's own; acronyms such as API keep their capitals. */
const asPhrase = (description: string): string =>
  description.replace(/^[A-Z](?!\w*[A-Z])/, (first) => first.toLowerCase());
