// Every setting of Genwarden: variables, flags, error messages, `genwarden config` and the docs come from this list.

import { z } from 'zod';
import {
  duration,
  integer,
  label,
  list,
  matching,
  natsServer,
  oneOf,
  oneOfNumbers,
  path,
  port,
  size,
  text,
  url,
} from './forms.ts';
import type { ProviderName } from '../job/providers.ts';
import { providerSettings } from './providerSettings.ts';
import { kubernetesSettings } from './kubernetesSettings.ts';
import { oidcSettings } from './oidcSettings.ts';
import { s3Settings } from './s3Settings.ts';
import { tracingSettings } from './tracingSettings.ts';
import { webhookSettings } from './webhookSettings.ts';
import { definitionsOf, optional, optionalList, withDefault } from './setting.ts';
import type { Command } from './setting.ts';

const processes: readonly Command[] = ['api', 'worker', 'controller', 'operator', 'dev'];
const provisioning: readonly Command[] = ['worker', 'dev'];
const serving: readonly Command[] = ['api', 'dev'];
const allCommands: readonly Command[] = [...processes, 'client'];

const token = matching(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 letters, digits, - and _', 'name');
const host = matching(/^[A-Za-z0-9.:_-]+$/, 'a host name or an IP address', 'host');
const origin = matching(/^(\*|https?:\/\/[^/\s]+)$/, 'an origin such as https://app.example.com, or *', 'origin');
const secret = text('secret', 'a secret');

const nats = z.object({
  urls: withDefault(list(natsServer), 'nats://127.0.0.1:4222', {
    name: 'NATS_URL',
    description: 'NATS servers of one cluster',
    usedBy: processes,
  }),
  creds: optional(path, {
    name: 'NATS_CREDS',
    description: 'Credentials file of a NATS user',
    usedBy: processes,
  }),
  user: optional(text('name'), { name: 'NATS_USER', description: 'NATS user', usedBy: processes }),
  password: optional(secret, {
    name: 'NATS_PASSWORD',
    description: 'Password of the NATS user',
    usedBy: processes,
    secret: true,
  }),
  tls: z.object({
    ca: optional(path, {
      name: 'NATS_TLS_CA',
      description: "PEM file of the CA that signed the servers' certificates",
      usedBy: processes,
    }),
    cert: optional(path, {
      name: 'NATS_TLS_CERT',
      description: 'PEM file of the client certificate',
      usedBy: processes,
    }),
    key: optional(path, {
      name: 'NATS_TLS_KEY',
      description: 'PEM file of the client certificate key',
      usedBy: processes,
    }),
    handshakeFirst: withDefault(oneOf('on', 'off'), 'off', {
      name: 'NATS_TLS_HANDSHAKE_FIRST',
      description:
        'Whether TLS starts before the first message of the server, as servers with `handshake_first` require',
      usedBy: processes,
    }),
  }),
  systemUser: optional(text('name'), {
    name: 'NATS_SYSTEM_USER',
    description: 'Read-only user of the system account; with it, the controller detects lost workers in about a second',
    usedBy: ['controller', 'dev'],
  }),
  systemPassword: optional(secret, {
    name: 'NATS_SYSTEM_PASSWORD',
    description: 'Password of the system account user',
    usedBy: ['controller', 'dev'],
    secret: true,
  }),
  prefix: withDefault(token, 'genwarden', {
    name: 'NATS_PREFIX',
    description: 'First token of every subject, stream and bucket name; lets installations share an account',
    usedBy: processes,
  }),
  jetStreamDomain: optional(token, {
    name: 'NATS_JETSTREAM_DOMAIN',
    description:
      'JetStream domain that holds the stream and the buckets, for processes at a leaf node (unset: that of the servers themselves)',
    usedBy: processes,
  }),
  replicas: withDefault(oneOfNumbers(1, 3, 5), '1', {
    name: 'NATS_REPLICAS',
    description:
      'Replicas of the stream and the buckets; raised on those that exist, never lowered. Use 3 on a cluster of three servers',
    usedBy: processes,
  }),
  maxBytes: optional(size, {
    name: 'NATS_MAX_BYTES',
    description: "Maximum size of the stream; submits are refused above 85 % of it (unset: the stream's current limit)",
    usedBy: ['api', 'controller', 'dev'],
  }),
  server: optional(path, {
    name: 'NATS_SERVER',
    description: 'nats-server binary that `dev` starts (unset: one of PATH or ~/.cache/genwarden, or a downloaded one)',
    usedBy: ['dev'],
  }),
});

const http = z.object({
  host: withDefault(host, '127.0.0.1', {
    name: 'HTTP_HOST',
    description: 'Address that the API listens on; `::` is every address, IPv6 and IPv4',
    usedBy: serving,
  }),
  port: withDefault(port, '8080', { name: 'HTTP_PORT', description: 'Port of the API', usedBy: serving }),
  keepAliveMs: withDefault(duration('1s', '1h'), '75s', {
    name: 'HTTP_KEEP_ALIVE',
    description: 'How long idle connections stay open: longer than in load balancers (Google Cloud: 620s)',
    usedBy: serving,
  }),
  publicUrl: optional(url('http:', 'https:'), {
    name: 'PUBLIC_URL',
    description:
      'Public address of the API, for links (unset: the address of each request); without authentication, clients may use its host name',
    usedBy: serving,
  }),
  corsOrigins: optionalList(list(origin), {
    name: 'CORS_ORIGINS',
    description: 'Web origins that may call the API from a browser (unset: none)',
    usedBy: serving,
  }),
});

export const settingsSchema = z.object({
  nats,
  http,
  console: withDefault(oneOf('on', 'off'), 'on', {
    name: 'CONSOLE',
    description: 'Whether the API serves the console at `/`',
    usedBy: serving,
  }),
  providerCheck: withDefault(oneOf('on', 'off'), 'on', {
    name: 'PROVIDER_CHECK',
    description:
      'Whether `genwarden doctor` may let workers call their provider with each key, by a request for the list of models, which is free',
    usedBy: ['worker', 'dev'],
  }),
  metricsHost: withDefault(host, '127.0.0.1', {
    name: 'METRICS_HOST',
    description: 'Address of `/metrics`, `/healthz` and `/readyz` of each process; `::` is every address',
    usedBy: processes,
  }),
  metricsPort: optional(port, {
    name: 'METRICS_PORT',
    description:
      'Port of `/metrics`, `/healthz` and `/readyz` (unset: 8081 api, 8082 worker, 8083 controller, 8084 operator)',
    usedBy: processes,
  }),
  pool: withDefault(label, 'default', {
    name: 'POOL',
    description: 'Pool that a worker declares and serves',
    usedBy: provisioning,
  }),
  concurrency: withDefault(integer(1, 1_000), '4', {
    name: 'CONCURRENCY',
    description: 'Tasks that a worker runs concurrently',
    usedBy: provisioning,
  }),
  poolsFile: optional(path, {
    name: 'POOLS_FILE',
    description:
      'JSON file that defines several pools with provider, models, keys and limits; replaces the single pool of the settings',
    usedBy: ['api', 'worker', 'controller', 'dev'],
  }),
  heartbeatTimeoutMs: withDefault(duration('300ms', '10m'), '6s', {
    name: 'HEARTBEAT_TIMEOUT',
    description: 'Silence after which a worker is considered lost; workers send three heartbeats in this time',
    usedBy: processes,
  }),
  retentionMs: withDefault(duration('1s', '365d'), '7d', {
    name: 'RETENTION',
    description: 'How long a job and its artifacts are kept after it is submitted',
    usedBy: processes,
  }),
  reconnectHoldMs: withDefault(duration('0s', '10m'), '1s', {
    name: 'RECONNECT_HOLD',
    description: 'Time that a worker has to reconnect after its connection closes before it is considered lost',
    usedBy: ['controller', 'dev'],
  }),
  drainTimeoutMs: withDefault(duration('0s', '1h'), '25s', {
    name: 'DRAIN_TIMEOUT',
    description: 'How long a stopping worker waits for its running tasks before it returns them to the queue',
    usedBy: provisioning,
  }),
  ...providerSettings,
  authTokensFile: optional(path, {
    name: 'AUTH_TOKENS_FILE',
    description:
      'File of hashed tokens, written by `genwarden token create`; without any authentication the API listens only on a loopback address',
    usedBy: serving,
  }),
  auth: withDefault(oneOf('on', 'off'), 'on', {
    name: 'AUTH',
    description: '`off` disables authentication: anyone who can reach the API has access, on any address',
    usedBy: serving,
  }),
  oidc: oidcSettings,
  kubernetes: kubernetesSettings,
  webhooks: webhookSettings,
  artifactStore: withDefault(oneOf('nats', 's3'), 'nats', {
    name: 'ARTIFACT_STORE',
    description: 'Artifact store: an object store of NATS, or a bucket of S3',
    usedBy: processes,
  }),
  s3: s3Settings,
  client: z.object({
    url: withDefault(url('http:', 'https:'), 'http://127.0.0.1:8080', {
      name: 'URL',
      description: 'Address of the API',
      usedBy: ['client'],
    }),
    token: optional(secret, {
      name: 'TOKEN',
      description: 'API token',
      usedBy: ['client'],
      secret: true,
    }),
  }),
  log: z.object({
    level: withDefault(oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), 'info', {
      name: 'LOG_LEVEL',
      description: 'Lowest log level that is written',
      usedBy: allCommands,
    }),
    format: withDefault(oneOf('json', 'pretty'), 'json', {
      name: 'LOG_FORMAT',
      description: 'Log format; the default on a terminal is `pretty`',
      usedBy: allCommands,
    }),
    prompts: withDefault(oneOf('hidden', 'shown'), 'hidden', {
      name: 'LOG_PROMPTS',
      description: 'Whether log lines have the beginnings of prompts, and the words of providers',
      usedBy: processes,
    }),
  }),
  tracing: tracingSettings,
  dataDir: withDefault(path, '.genwarden', {
    name: 'DATA_DIR',
    description: 'Folder where `dev` stores the data of its nats-server',
    usedBy: ['dev'],
  }),
  standinLatencyMs: withDefault(duration('0s', '1h'), '2s', {
    name: 'STANDIN_LATENCY',
    description: 'How long the stand-in of the provider takes to answer in `dev`',
    usedBy: ['dev'],
  }),
});

/** Checked settings. Names that end in `Ms` are milliseconds. */
export type Settings = z.infer<typeof settingsSchema> &
  Readonly<Record<ProviderName, KeysFile>> & {
    readonly s3: CredentialFiles;
    readonly nats: PasswordFiles;
    readonly log: { readonly brief?: boolean };
  };

interface KeysFile {
  /** The file that the keys were read from, if they come from a file: they are read again when it changes. */
  readonly apiKeysFile?: string;
}

/** The same for the credentials of S3 and the passwords of NATS. */
type CredentialFiles = Readonly<Partial<Record<'accessKeyIdFile' | 'secretAccessKeyFile', string>>>;
type PasswordFiles = Readonly<Partial<Record<'passwordFile' | 'systemPasswordFile', string>>>;

/** One provider's part of the settings. */
export type ProviderSettings = Settings[ProviderName];

export const settingDefinitions = definitionsOf(settingsSchema);

const metricsPorts = { api: 8081, worker: 8082, controller: 8083, operator: 8084 } as const;

/** The port of a process's `/metrics`; 0 picks a free one. */
export function metricsPortOf(settings: Settings, process: keyof typeof metricsPorts): number {
  return settings.metricsPort ?? metricsPorts[process];
}
