// The command with which another worker joins `genwarden dev` from another terminal. Logins are in files of the data folder, so that
// no password is in the command.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedSetting } from '../../config/setting.ts';
import type { Settings } from '../../config/settings.ts';
import { shellWord } from '../../config/shellWord.ts';
import { providerNames, settingOf } from '../../job/providers.ts';
import { flagsOf, programName, shortPath } from './program.ts';
import { standInAddress, standInKey, standInRate, type DevPool } from './pools.ts';
import type { Resources } from '../resources.ts';

export interface JoinCommand {
  readonly command: string;
  /** Variables with secrets that the other terminal must have as well; they are in no command. */
  readonly needs: readonly string[];
}

interface JoinOptions {
  /** With the addresses of the running NATS. */
  readonly settings: Settings;
  readonly resolved: readonly ResolvedSetting[];
  readonly embeddedNats: boolean;
  readonly standInUrl: string | undefined;
}

/** Returns the function that makes the command for a pool. The files are deleted with the resources. */
export async function joinCommands(
  options: JoinOptions,
  resources: Resources,
): Promise<(pool: DevPool) => JoinCommand> {
  const { settings, resolved, embeddedNats, standInUrl } = options;
  const { nats, dataDir } = settings;
  const write = async (name: string, variables: Record<string, string | number>): Promise<string> => {
    const path = join(dataDir, name);
    const lines = Object.entries(variables).map(([variable, value]) => `${variable}=${value}\n`);
    await writeFile(path, lines.join(''), { mode: 0o600 });
    resources.own(name, path, () => rm(path, { force: true }));
    return shellWord(shortPath(path));
  };
  // The ports of the metrics belong to the workers of this process.
  const always = { GENWARDEN_METRICS_PORT: 0 };
  const login = { GENWARDEN_NATS_USER: nats.user ?? '', GENWARDEN_NATS_PASSWORD: nats.password ?? '' };
  const worker = await write('worker.env', embeddedNats ? { ...login, ...always } : always);
  const standIn = standInUrl === undefined ? '' : await write('stand-in.env', standInVariables(standInUrl));
  return ({ pool, isStandIn }) => {
    const passedOn = resolved.filter((setting) => isPassedOn(setting, { embeddedNats, isStandIn }));
    const flags = flagsOf(passedOn.filter((setting) => !isSecretVariable(setting)));
    const given = ['--nats-url', shellWord(nats.urls.join(',')), '--pool', pool.name, ...flags];
    const command = `env $(cat ${isStandIn ? `${worker} ${standIn}` : worker}) ${programName()} worker ${given.join(' ')}`;
    return {
      command,
      needs: passedOn.filter(isSecretVariable).map(({ source }) => ('name' in source ? source.name : '')),
    };
  };
}

const isSecretVariable = ({ definition, source }: ResolvedSetting): boolean =>
  definition.secret === true && source.kind === 'variable';

function standInVariables(url: string): Record<string, string | number> {
  const variables = providerNames.flatMap((provider) => [
    [settingOf(provider, 'API_KEYS'), standInKey],
    [settingOf(provider, 'BASE_URL'), standInAddress(provider, url)],
    [settingOf(provider, 'REQUESTS_PER_MINUTE'), standInRate],
  ]);
  return Object.fromEntries(variables) as Record<string, string | number>;
}

/** They are in the command anyway, or concern this process only. */
const own = /^(?:NATS_URL|POOL|METRICS_PORT|LOG_.*|DRAIN_TIMEOUT)$/;
const standInOwn = /_(?:API_KEYS|BASE_URL|REQUESTS_PER_MINUTE)$/;

interface Kind {
  readonly embeddedNats: boolean;
  readonly isStandIn: boolean;
}

function isPassedOn({ definition, source }: ResolvedSetting, { embeddedNats, isStandIn }: Kind): boolean {
  if (source.kind === 'default' || source.kind === 'unset' || !definition.usedBy.includes('worker')) return false;
  if (embeddedNats && /^NATS_(?:CREDS|USER|PASSWORD|TLS_.*)$/.test(definition.name)) return false;
  return !own.test(definition.name) && !(isStandIn && standInOwn.test(definition.name));
}
