// Settings as command-line flags.

import type { Command } from 'commander';
import { flagsFor } from '../config/describe.ts';
import { readSettings } from '../config/load.ts';
import type { Command as SettingUser, ResolvedSetting } from '../config/setting.ts';
import type { Settings } from '../config/settings.ts';

/** Adds every setting that the command uses as a flag. */
export function withSettings(command: Command, user: SettingUser): Command {
  for (const { flags, description } of flagsFor(user)) command.option(flags, description);
  return command;
}

/** The settings for a command from its flags and the environment, with the source of each. Throws `InvalidConfiguration` with all problems. */
export function settingsOf(
  command: Command,
  user: SettingUser,
): { settings: Settings; resolved: readonly ResolvedSetting[] } {
  return readSettings({
    env: process.env,
    flags: command.optsWithGlobals(),
    terminal: process.stdout.isTTY === true,
    command: user,
  });
}
