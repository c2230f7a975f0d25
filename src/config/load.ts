// Reads the settings from flags, environment and files. Reports all problems in one message.

import type { z } from 'zod';
import { GenwardenError } from '../job/errors/index.ts';
import { isLoopback } from '../job/loopback.ts';
import { proxyProblems } from '../job/proxies.ts';
import { providerNames, settingOf, type ProviderName } from '../job/providers.ts';
import { trimKey, trimKeyLines } from './apiKeys.ts';
import { maskText } from './mask.ts';
import type { Command, ResolvedSetting, SettingDefinition, Source } from './setting.ts';
import { settingDefinitions, settingsSchema } from './settings.ts';
import type { Settings } from './settings.ts';
import { isInjectedByKubernetes, unknownVariables } from './variables.ts';
import { readTextFile } from './textFile.ts';

export interface SettingsInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By commander's attribute names (`httpPort`); other names are ignored. Must not contain defaults: they would win. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Reads a file as text; throws if the file cannot be read. */
  readonly files?: (path: string) => string;
  /** True if standard output is a terminal: the default log format is `pretty` then. */
  readonly terminal?: boolean;
  /** The command that uses the settings; some checks apply to one command only. */
  readonly command?: Command;
}

/** The validated settings. A flag overrides a variable, which overrides a file. Throws `InvalidConfiguration` with all problems. */
export function loadSettings(input: SettingsInput): Settings {
  return readSettings(input).settings;
}

/** Like `loadSettings`, with the source of each value. */
export function readSettings(input: SettingsInput): { settings: Settings; resolved: readonly ResolvedSetting[] } {
  const resolved = settingDefinitions.map((definition) => resolve(definition, input));
  const parsed = settingsSchema.safeParse(nest(resolved));
  const problems = [
    ...unknownVariables(input.env),
    ...resolved.flatMap(({ problem }) => problem ?? []),
    ...(parsed.success ? [] : valueProblems(parsed.error, resolved)),
    ...contradictions(resolved, input.command),
    ...(input.command === undefined || input.command === 'client' ? [] : proxyProblems(input.env)),
  ];
  if (!parsed.success || problems.length > 0) throw invalidSettings(problems);
  return { settings: withFiles(withKeysFile(parsed.data, resolved), resolved), resolved };
}

function withKeysFile(settings: z.infer<typeof settingsSchema>, resolved: readonly ResolvedSetting[]): Settings {
  const fileOf = (provider: ProviderName): { apiKeysFile?: string } => {
    const { source } = resolved.find(({ definition }) => definition.variable === settingOf(provider, 'API_KEYS'))!;
    return source.kind === 'file' ? { apiKeysFile: source.path } : {};
  };
  const parts = providerNames.map((name) => [name, { ...settings[name], ...fileOf(name) }]);
  return { ...settings, ...(Object.fromEntries(parts) as Pick<Settings, ProviderName>) };
}

/** Adds the paths of secrets that processes read again. */
function withFiles(settings: Settings, resolved: readonly ResolvedSetting[]): Settings {
  const fileOf = (name: string, key: string): object => {
    const { source } = resolved.find(({ definition }) => definition.name === name)!;
    return source.kind === 'file' ? { [key]: source.path } : {};
  };
  const s3 = {
    ...fileOf('S3_ACCESS_KEY_ID', 'accessKeyIdFile'),
    ...fileOf('S3_SECRET_ACCESS_KEY', 'secretAccessKeyFile'),
  };
  const nats = {
    ...fileOf('NATS_PASSWORD', 'passwordFile'),
    ...fileOf('NATS_SYSTEM_PASSWORD', 'systemPasswordFile'),
  };
  return { ...settings, s3: { ...settings.s3, ...s3 }, nats: { ...settings.nats, ...nats } };
}

function resolve(definition: SettingDefinition, input: SettingsInput): ResolvedSetting {
  const flag = flagText(input.flags?.[definition.flagAttribute]);
  const fileVariable = definition.fileVariable;
  const variable = variableText(input.env, definition.variable, definition);
  if (flag !== undefined && fileVariable !== undefined) return fromFile(definition, definition.flag, flag, input);
  if (flag !== undefined) return { definition, text: flag, source: { kind: 'flag', name: definition.flag } };
  if (variable !== undefined) {
    return { definition, text: variable, source: { kind: 'variable', name: definition.variable } };
  }
  const file = fileVariable === undefined ? undefined : variableText(input.env, fileVariable);
  if (file !== undefined) return fromFile(definition, fileVariable!, file, input);
  return fromAlias(definition, input) ?? fromDefault(definition, input);
}

function flagText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined;
}

function variableText(env: SettingsInput['env'], name: string, definition?: SettingDefinition): string | undefined {
  const text = env[name] ?? '';
  const value = definition?.onlyAsciiTrimmed === true ? trimKey(text) : text.trim();
  return value === '' || isInjectedByKubernetes(name, value) ? undefined : value;
}

function fromFile(definition: SettingDefinition, name: string, path: string, input: SettingsInput): ResolvedSetting {
  const source: Source = { kind: 'file', name, path };
  try {
    const content = (input.files ?? readTextFile)(path);
    const text = definition.onlyAsciiTrimmed === true ? trimKeyLines(content) : content.trim();
    if (text !== '') return { definition, text, source };
    return { definition, text: undefined, source, problem: `${name}=${path}: the file is empty` };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { definition, text: undefined, source, problem: `${name}=${path}: cannot read the file (${why})` };
  }
}

function fromAlias(definition: SettingDefinition, input: SettingsInput): ResolvedSetting | undefined {
  for (const name of definition.aliases ?? []) {
    const text = variableText(input.env, name, definition);
    if (text !== undefined) return { definition, text, source: { kind: 'variable', name } };
  }
  return undefined;
}

function fromDefault(definition: SettingDefinition, input: SettingsInput): ResolvedSetting {
  const terminal = definition.name === 'LOG_FORMAT' && input.terminal === true;
  const text = terminal ? 'pretty' : definition.default;
  return { definition, text, source: { kind: text === undefined ? 'unset' : 'default' } };
}

/** The texts as the nested object that the schema parses, without unset settings. */
function nest(resolved: readonly ResolvedSetting[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { definition, text } of resolved) {
    let parent = root;
    for (const key of definition.path.slice(0, -1)) parent = (parent[key] ??= {}) as Record<string, unknown>;
    if (text !== undefined) parent[definition.path.at(-1)!] = text;
  }
  return root;
}

function valueProblems(error: z.ZodError, resolved: readonly ResolvedSetting[]): string[] {
  return error.issues.map((issue) => {
    const setting = resolved.find(({ definition }) => definition.path.every((key, at) => issue.path[at] === key))!;
    return `${nameAndValue(setting)}: ${placeOf(issue, setting)}${issue.message}; allowed: ${setting.definition.allowed}`;
  });
}

/** The entry of a list, or the line of a list in a file; '' for the first entry unless the form counts lines. */
function placeOf({ path }: z.core.$ZodIssue, { definition, source }: ResolvedSetting): string {
  const [entry, line] = path.slice(definition.path.length);
  if (typeof entry !== 'number') return '';
  if (typeof line !== 'number') return entry > 0 ? `entry ${entry + 1} ` : '';
  return source.kind === 'file' ? `${source.path} line ${line + 1} ` : `entry ${entry + 1} `;
}

function nameAndValue({ definition, text, source }: ResolvedSetting): string {
  const name = 'name' in source ? source.name : definition.variable;
  return definition.secret === true
    ? `${name} ${maskText(text ?? '', true)}`
    : `${name}=${maskText(text ?? '', false)}`;
}

function invalidSettings(problems: readonly string[]): GenwardenError {
  const count = problems.length === 1 ? 'One setting is invalid' : `${problems.length} settings are invalid`;
  const message = [`${count}:`, ...problems.map((problem) => `  ${problem}`)].join('\n');
  return new GenwardenError('InvalidConfiguration', message, { details: { problems } });
}

/**
 * One problem for each contradiction between settings and for each setting that is not available yet. `command` adds the
 * checks for that command.
 */
function contradictions(resolved: readonly ResolvedSetting[], command?: Command): string[] {
  const text = (name: string): string | undefined => resolved.find(({ definition }) => definition.name === name)?.text;
  return [
    ...together('NATS_USER', 'NATS_PASSWORD', text),
    ...together('NATS_SYSTEM_USER', 'NATS_SYSTEM_PASSWORD', text),
    ...together('NATS_TLS_CERT', 'NATS_TLS_KEY', text),
    ...(text('NATS_CREDS') !== undefined && text('NATS_USER') !== undefined
      ? ['GENWARDEN_NATS_CREDS, GENWARDEN_NATS_USER: two ways to log in to NATS; unset one']
      : []),
    ...(text('AUTH_KUBERNETES') === 'on' && text('AUTH') === 'off'
      ? ['GENWARDEN_AUTH=off, GENWARDEN_AUTH_KUBERNETES=on: with GENWARDEN_AUTH=off no token is checked; unset one']
      : []),
    ...(text('OIDC_ISSUER') !== undefined && text('AUTH') === 'off'
      ? ['GENWARDEN_AUTH=off, GENWARDEN_OIDC_ISSUER: with GENWARDEN_AUTH=off no token is checked; unset one']
      : []),
    ...together('OIDC_ISSUER', 'OIDC_AUDIENCE', text),
    ...needs('OIDC_CLIENT_ID', 'OIDC_ISSUER', text),
    ...needs('OIDC_CLIENT_SECRET', 'OIDC_CLIENT_ID', text),
    ...(text('ARTIFACT_STORE') === 's3' && text('S3_BUCKET') === undefined
      ? ['GENWARDEN_ARTIFACT_STORE=s3: requires GENWARDEN_S3_BUCKET, which is not set']
      : []),
    ...together('S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', text),
    ...otherProtocol(text),
    ...(command === 'api' || command === 'dev' ? openToAll(text, command) : []),
  ];
}

type TextOf = (name: string) => string | undefined;

function together(one: string, other: string, text: TextOf): string[] {
  if ((text(one) === undefined) === (text(other) === undefined)) return [];
  const [set, missing] = text(one) === undefined ? [other, one] : [one, other];
  return needs(set, missing, text);
}

function needs(one: string, other: string, text: TextOf): string[] {
  if (text(one) === undefined || text(other) !== undefined) return [];
  return [`GENWARDEN_${one}: requires GENWARDEN_${other}, which is not set`];
}

/** Many systems set this variable for all their programs, so it counts only if traces are on. */
function otherProtocol(text: TextOf): string[] {
  const protocol = text('OTEL_EXPORTER_OTLP_PROTOCOL') ?? '';
  const receiver = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const off = text('OTEL_SDK_DISABLED') === 'true' || text('OTEL_TRACES_EXPORTER') === 'none';
  if (receiver === undefined || off || protocol === 'http/protobuf') return [];
  return [
    `OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}: traces are sent by http/protobuf only; unset it, and name the port of the ` +
      'receiver for HTTP, usually 4318',
  ];
}

function openToAll(text: TextOf, command: Command): string[] {
  const host = text('HTTP_HOST') ?? '';
  if (isLoopback(host) || text('AUTH') === 'off' || text('AUTH_TOKENS_FILE') !== undefined) return [];
  if (text('OIDC_ISSUER') !== undefined) return [];
  if (text('AUTH_KUBERNETES') === 'on' && command === 'api') return [];
  return [
    `GENWARDEN_HTTP_HOST=${host}: is not a loopback address, and without GENWARDEN_AUTH_TOKENS_FILE anyone could use ` +
      'the API; allowed: 127.0.0.1, ::1, localhost, or set GENWARDEN_AUTH_TOKENS_FILE, GENWARDEN_OIDC_ISSUER, ' +
      'GENWARDEN_AUTH_KUBERNETES=on or GENWARDEN_AUTH=off',
  ];
}
