// Settings: defaults, precedence, files of secrets, and one message with every problem.

import { expect, test } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { SettingsInput } from '../../../src/config/load.ts';
import { metricsPortOf } from '../../../src/config/settings.ts';

const refusal = (input: SettingsInput): GenwardenError => {
  try {
    loadSettings(input);
  } catch (error) {
    if (error instanceof GenwardenError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
};

const problemsOf = (env: Record<string, string>, more: Partial<SettingsInput> = {}): string[] =>
  refusal({ env, ...more }).details['problems'] as string[];

const filesOf =
  (contents: Record<string, string>) =>
  (path: string): string => {
    const text = contents[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };

test('the defaults are those of the documentation', () => {
  expect(loadSettings({ env: {} })).toMatchObject({
    nats: { urls: ['nats://127.0.0.1:4222'], prefix: 'genwarden', replicas: 1 },
    http: { host: '127.0.0.1', port: 8080, corsOrigins: [] },
    pool: 'default',
    concurrency: 4,
    heartbeatTimeoutMs: 6_000,
    retentionMs: 7 * 86_400_000,
    reconnectHoldMs: 1_000,
    gemini: { apiKeys: [], requestsPerMinute: 10 },
    auth: 'on',
    artifactStore: 'nats',
    client: { url: 'http://127.0.0.1:8080' },
    log: { level: 'info', format: 'json' },
  });
});

test('each process has its own port for metrics, unless one is set', () => {
  const byDefault = loadSettings({ env: {} });
  const ports = (['api', 'worker', 'controller', 'operator'] as const).map((one) => metricsPortOf(byDefault, one));
  expect(ports).toEqual([8081, 8082, 8083, 8084]);
  expect(metricsPortOf(loadSettings({ env: { GENWARDEN_METRICS_PORT: '0' } }), 'worker')).toBe(0);
});

test('the log is pretty on a terminal, unless its format is set', () => {
  expect(loadSettings({ env: {}, terminal: true }).log.format).toBe('pretty');
  expect(loadSettings({ env: { GENWARDEN_LOG_FORMAT: 'json' }, terminal: true }).log.format).toBe('json');
});

test('a flag wins over a variable, a variable over a file, a file over an alias', () => {
  const files = filesOf({ '/token': 'from-file\n', '/other': 'from-flag', '/keys': 'one\n\ntwo\r\n' });
  const env = { GENWARDEN_POOL: 'from-env', GENWARDEN_TOKEN_FILE: '/token', GENWARDEN_GEMINI_API_KEYS_FILE: '/keys' };
  const settings = loadSettings({
    env: { ...env, GEMINI_API_KEY: 'alias' },
    flags: { pool: 'from-flag', json: true },
    files,
  });
  expect(settings.pool).toBe('from-flag');
  expect(settings.client.token).toBe('from-file');
  expect(settings.gemini.apiKeys).toEqual(['one', 'two']);
  expect(loadSettings({ env: { ...env, GENWARDEN_TOKEN: 'from-env' }, files }).client.token).toBe('from-env');
  expect(loadSettings({ env, flags: { tokenFile: '/other' }, files }).client.token).toBe('from-flag');
  expect(loadSettings({ env: { GEMINI_API_KEY: 'a, b,a' } }).gemini.apiKeys).toEqual(['a', 'b']);
});

test('an empty variable counts as unset', () => {
  expect(loadSettings({ env: { GENWARDEN_POOL: ' ', GENWARDEN_HTTP_PORT: '' } }).pool).toBe('default');
});

test('one message lists all problems, each with variable, value, reason and allowed values', () => {
  const error = refusal({
    env: {
      GENWARDEN_RETENTION: '5 minutes',
      GENWARDEN_HTTP_PORT: '99999',
      GENWARDEN_NATS_URL: 'nats://ok:4222,elsewhere',
      GENWARDEN_NATS_REPLICAS: '2',
      GENWARDEN_LOG_LEVEL: 'loud',
      GENWARDEN_POOL: 'My Pool',
      GENWARDEN_CONCURENCY: '4',
    },
    flags: { concurrency: '1.5' },
  });
  expect(error.code).toBe('InvalidConfiguration');
  const problems = error.details['problems'] as string[];
  expect(problems).toHaveLength(8);
  for (const problem of problems) expect(error.message).toContain(problem);
  expect(problems.find((problem) => problem.startsWith('GENWARDEN_RETENTION'))).toBe(
    'GENWARDEN_RETENTION=5 minutes: is not a duration; allowed: a duration such as 500ms, 30s, 1h30m or 7d, from 1s to 365d',
  );
  expect(error.message).toContain('GENWARDEN_HTTP_PORT=99999: is out of bounds; allowed: a port from 0 to 65535');
  expect(error.message).toContain('elsewhere: entry 2 is not a URL');
  expect(error.message).toContain('GENWARDEN_NATS_REPLICAS=2: is not one of the choices; allowed: 1, 3, 5');
  expect(error.message).toContain('--concurrency=1.5: is not a whole number');
  expect(error.message).toContain('did you mean GENWARDEN_CONCURRENCY?');
});

test.each(['5 minutes', '-1s', '10', '1.5.2s', '99ms', '2y'])('%s is refused as a heartbeat timeout', (text) => {
  expect(problemsOf({ GENWARDEN_HEARTBEAT_TIMEOUT: text })).toHaveLength(1);
});

test('the message contains no secret: known, mistyped or part of a URL', () => {
  const { message } = refusal({
    env: {
      GENWARDEN_GEMINI_API_KEYS: ' , ,',
      GENWARDEN_GEMINI_API_KEY: 'sesame-one',
      GENWARDEN_NATS_URL: 'http://anna:sesame-two@host',
      GENWARDEN_NATS_PASSWORD: 'sesame-three',
    },
  });
  expect(message).not.toContain('sesame');
  expect(message).toContain('GENWARDEN_GEMINI_API_KEYS (set, 3 characters): is an empty list');
  expect(message).toContain(
    'GENWARDEN_GEMINI_API_KEY (set, 10 characters): unknown; did you mean GENWARDEN_GEMINI_API_KEYS?',
  );
  expect(message).toContain('http://****@host');
  expect(message).toContain('GENWARDEN_NATS_PASSWORD: requires GENWARDEN_NATS_USER');
});

test('a file that cannot be read or is empty is one of the problems', () => {
  const files = filesOf({ '/empty': '\n' });
  const env = { GENWARDEN_TOKEN_FILE: '/missing', GENWARDEN_GEMINI_API_KEYS_FILE: '/empty' };
  const problems = problemsOf(env, { files });
  expect(problems).toContain('GENWARDEN_TOKEN_FILE=/missing: cannot read the file (no such file)');
  expect(problems).toContain('GENWARDEN_GEMINI_API_KEYS_FILE=/empty: the file is empty');
});

test('an unknown variable is refused, variables of other programs are ignored', () => {
  expect(problemsOf({ GENWARDEN_FROBNICATE: 'yes', GENWARDENISH: 'yes', OTHER: 'yes' })).toEqual([
    'GENWARDEN_FROBNICATE (set, 3 characters): unknown; `genwarden config` lists the settings',
  ]);
});

test('variables that Kubernetes injects for services are ignored, even under the name of a setting', () => {
  const settings = loadSettings({
    env: {
      GENWARDEN_SERVICE_HOST: '10.0.0.1',
      GENWARDEN_API_SERVICE_PORT: '8080',
      GENWARDEN_API_SERVICE_PORT_METRICS: '8081',
      GENWARDEN_PORT: 'tcp://10.0.0.1:8080',
      GENWARDEN_API_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      GENWARDEN_API_PORT_8080_TCP_PROTO: 'tcp',
      GENWARDEN_API_PORT_8080_TCP_PORT: '8080',
      GENWARDEN_API_PORT_8080_TCP_ADDR: '10.0.0.1',
      GENWARDEN_HTTP_PORT: 'tcp://10.0.0.1:8080',
    },
  });
  expect(settings.http.port).toBe(8080);
  expect(problemsOf({ GENWARDEN_API_PORT: '8080' })).toHaveLength(1);
});

test('the S3 store requires a bucket, both parts of its key, and a path template in which paths cannot collide', () => {
  expect(problemsOf({ GENWARDEN_ARTIFACT_STORE: 's3' })).toEqual([
    'GENWARDEN_ARTIFACT_STORE=s3: requires GENWARDEN_S3_BUCKET, which is not set',
  ]);
  const bucket = { GENWARDEN_ARTIFACT_STORE: 's3', GENWARDEN_S3_BUCKET: 'artifacts' };
  expect(problemsOf({ ...bucket, GENWARDEN_S3_ACCESS_KEY_ID: 'id' })).toEqual([
    'GENWARDEN_S3_ACCESS_KEY_ID: requires GENWARDEN_S3_SECRET_ACCESS_KEY, which is not set',
  ]);
  expect(problemsOf({ ...bucket, GENWARDEN_S3_PATH_TEMPLATE: '{tenant}/{name}' })).toEqual([
    'GENWARDEN_S3_PATH_TEMPLATE={tenant}/{name}: lacks {job}, without which two artifacts could have the same path; ' +
      'allowed: letters, digits, . _ - / and {tenant}, {labels.<key>}, {job}, {task}, {name}, {ext}',
  ]);
});

test('the region of S3 may come from AWS_REGION, and files of its credentials are remembered', () => {
  const { s3 } = loadSettings({
    env: {
      AWS_REGION: 'eu-central-1',
      GENWARDEN_S3_ACCESS_KEY_ID_FILE: '/keys/id',
      GENWARDEN_S3_SECRET_ACCESS_KEY_FILE: '/keys/secret',
    },
    files: (path) => `${path}\n`,
  });
  expect(s3).toMatchObject({
    region: 'eu-central-1',
    accessKeyId: '/keys/id',
    accessKeyIdFile: '/keys/id',
    secretAccessKeyFile: '/keys/secret',
  });
});

test('an API without tokens serves only the loopback address, unless auth is switched off', () => {
  const open = { GENWARDEN_HTTP_HOST: '0.0.0.0' };
  expect(problemsOf(open, { command: 'api' })[0]).toContain('GENWARDEN_AUTH_TOKENS_FILE');
  expect(loadSettings({ env: { ...open, GENWARDEN_AUTH: 'off' }, command: 'api' }).auth).toBe('off');
  expect(loadSettings({ env: { ...open, GENWARDEN_AUTH_TOKENS_FILE: '/t' }, command: 'api' }).authTokensFile).toBe(
    '/t',
  );
  expect(loadSettings({ env: open, command: 'worker' }).http.host).toBe('0.0.0.0');
  expect(loadSettings({ env: { GENWARDEN_HTTP_HOST: '::1' }, command: 'dev' }).http.host).toBe('::1');
  const kubernetes = { GENWARDEN_AUTH_KUBERNETES: 'on' };
  expect(loadSettings({ env: { ...open, ...kubernetes }, command: 'api' }).http.host).toBe('0.0.0.0');
  // `dev` knows no Kubernetes.
  expect(() => loadSettings({ env: { ...open, ...kubernetes }, command: 'dev' })).toThrow(/loopback/);
  expect(() => loadSettings({ env: { ...kubernetes, GENWARDEN_AUTH: 'off' } })).toThrow(/no token is checked/);
});

test('an issuer of OpenID Connect needs an audience and https, and switches authentication on', () => {
  const oidc = { GENWARDEN_OIDC_ISSUER: 'https://id.example.com/', GENWARDEN_OIDC_AUDIENCE: 'genwarden' };
  const { http, oidc: read } = loadSettings({ env: { ...oidc, GENWARDEN_HTTP_HOST: '0.0.0.0' }, command: 'api' });
  expect(http.host).toBe('0.0.0.0');
  expect(read).toEqual({
    issuer: 'https://id.example.com/',
    audience: 'genwarden',
    tenantClaim: 'tenant',
    scopeClaims: ['scope', 'scp', 'permissions', 'roles'],
    clientScopes: [],
  });
  for (const local of ['http://127.0.0.1:9000', 'http://localhost/a', 'http://[::1]:1']) {
    expect(loadSettings({ env: { ...oidc, GENWARDEN_OIDC_ISSUER: local } }).oidc.issuer).toBe(local);
  }
  for (const wrong of ['http://id.example.com', 'id.example.com', 'https://user:secret@id.example.com', 'ftp://a']) {
    expect(problemsOf({ ...oidc, GENWARDEN_OIDC_ISSUER: wrong })).toEqual([
      expect.stringMatching(/^GENWARDEN_OIDC_ISSUER=.*: is not an https URL; allowed: a URL that starts with https/),
    ]);
  }
  const { GENWARDEN_OIDC_AUDIENCE, ...lonely } = oidc;
  expect(problemsOf(lonely)).toEqual(['GENWARDEN_OIDC_ISSUER: requires GENWARDEN_OIDC_AUDIENCE, which is not set']);
  expect(problemsOf({ GENWARDEN_OIDC_AUDIENCE })).toEqual([
    'GENWARDEN_OIDC_AUDIENCE: requires GENWARDEN_OIDC_ISSUER, which is not set',
  ]);
  expect(problemsOf({ GENWARDEN_OIDC_CLIENT_SECRET: 'hidden' })).toEqual([
    'GENWARDEN_OIDC_CLIENT_SECRET: requires GENWARDEN_OIDC_CLIENT_ID, which is not set',
  ]);
  expect(problemsOf({ GENWARDEN_OIDC_CLIENT_ID: 'console' })).toEqual([
    'GENWARDEN_OIDC_CLIENT_ID: requires GENWARDEN_OIDC_ISSUER, which is not set',
  ]);
  expect(problemsOf({ ...oidc, GENWARDEN_AUTH: 'off' })).toEqual([
    'GENWARDEN_AUTH=off, GENWARDEN_OIDC_ISSUER: with GENWARDEN_AUTH=off no token is checked; unset one',
  ]);
});
