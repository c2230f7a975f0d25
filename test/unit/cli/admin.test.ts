// `genwarden config` and `genwarden token …`.

import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseTokens, tokenStore } from '../../../src/api/auth/tokenStore.ts';
import { commandsNow, runCommand } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { tempFolder } from '../../support/tempFolder.ts';

describe('config', () => {
  const env = { GENWARDEN_POOL: 'photos', GEMINI_API_KEY: 'sesame-1234', GENWARDEN_NATS_URL: 'nats://u:sesame@h' };

  test('shows each setting with its source, and no secret', async () => {
    const { code, stdout } = await runCommand(['config'], { env });
    expect(code).toBe(0);
    const line = (name: string): string[] =>
      stdout
        .split('\n')
        .find((each) => each.startsWith(`${name} `))!
        .split(/ {2,}/);
    expect(line('SETTING')).toEqual(['SETTING', 'VALUE', 'SOURCE']);
    expect(line('GENWARDEN_POOL')).toEqual(['GENWARDEN_POOL', 'photos', 'env GENWARDEN_POOL']);
    expect(line('GENWARDEN_GEMINI_API_KEYS').slice(1)).toEqual(['(set, 11 characters)', 'env GEMINI_API_KEY']);
    expect(line('GENWARDEN_TOKEN').slice(1)).toEqual(['-', 'unset']);
    for (const format of ['table', 'wide', 'json', 'yaml']) {
      expect((await runCommand(['config', '-o', format], { env })).stdout).not.toContain('sesame');
    }
  });

  test('as JSON has every field, null where unset', async () => {
    const { stdout } = await runCommand(['config', '-o', 'json'], { env });
    const settings = JSON.parse(stdout) as Record<string, unknown>[];
    expect(settings.find(({ variable }) => variable === 'GENWARDEN_TOKEN')).toEqual({
      variable: 'GENWARDEN_TOKEN',
      flag: '--token-file',
      value: null,
      source: 'unset',
      description: 'API token',
    });
  });

  test('says whose settings they are, and shows those of the API with --server', async () => {
    expect((await runCommand(['config'], { env })).stderr).toContain('the settings of this shell');
    expect((await runCommand(['config', '-o', 'json'], { env })).stderr).toBe('');
    await using api = await FakeApi.start();
    const port = { name: 'GENWARDEN_HTTP_PORT', value: '9090', source: 'env GENWARDEN_HTTP_PORT', description: 'Port' };
    api.route('GET /v1/settings', (_, response) => answerJson(response, 200, { items: [port], next: null }));
    const { code, stdout, stderr } = await runCommand(['config', '--server'], { env: api.env });
    expect([code, stdout]).toEqual([
      0,
      'SETTING              VALUE  SOURCE\nGENWARDEN_HTTP_PORT  9090   env GENWARDEN_HTTP_PORT\n',
    ]);
    expect(stderr).toContain("the settings of the API's process");
  });

  test('lists every problem and exits with 2', async () => {
    const { code, stdout, stderr } = await runCommand(['config'], {
      env: { GENWARDEN_RETENTION: '5 minutes', GENWARDEN_CONCURENCY: '1' },
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('2 settings are invalid');
    expect(stderr).toContain('GENWARDEN_RETENTION=5 minutes');
    expect(stderr).toContain('did you mean GENWARDEN_CONCURRENCY?');
  });
});

describe('token create', () => {
  test('prints the token once; the file has only its hash', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'tokens.json');
    const args = ['token', 'create', '--name', 'ci', '--tenant', 'acme', '--scope', 'jobs:read', '--expires', '90d'];
    const { code, stdout, stderr } = await runCommand([...args, '--file', path]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gw_[\w-]{43}\n$/);
    expect(stderr).toContain('shown only once');

    const text = await readFile(path, 'utf8');
    expect(text).not.toContain(stdout.trim());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const day = 86_400_000;
    const store = tokenStore(parseTokens(text, path));
    expect(store.find(stdout.trim(), commandsNow + 90 * day - 1)).toMatchObject({
      name: 'ci',
      tenant: 'acme',
      scopes: ['jobs:read'],
    });
    expect(store.find(stdout.trim(), commandsNow + 90 * day)).toBeUndefined();
  });

  test('adds to the configured file, through a link, and keeps the other entries', async () => {
    await using folder = await tempFolder();
    const [real, link] = [join(folder.path, 'real.json'), join(folder.path, 'link.json')];
    await writeFile(real, '{"tokens": []}', { mode: 0o644 });
    await symlink(real, link);
    const env = { GENWARDEN_AUTH_TOKENS_FILE: link };
    const made = await Promise.all(
      ['a', 'b', 'c'].map((name) => runCommand(['token', 'create', '--name', name], { env })),
    );
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);

    const entries = parseTokens(await readFile(real, 'utf8'), real);
    expect(entries.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
    expect(
      entries.every(({ tenant, scopes }) => tenant === 'default' && scopes.join() === 'jobs:read,jobs:write'),
    ).toBe(true);
    expect((await stat(real)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['no file', ['--name', 'x'], /GENWARDEN_AUTH_TOKENS_FILE/],
    ['no name', ['--file', 'FILE'], /--name/],
    ['a scope that is none', ['--name', 'x', '--file', 'FILE', '--scope', 'all'], /jobs:read/],
    ['an invalid duration', ['--name', 'x', '--file', 'FILE', '--expires', '90 days'], /Expected a duration/],
    ['a tenant that is none', ['--name', 'x', '--file', 'FILE', '--tenant', 'a b'], /--tenant: must be 1 to 63/],
    ['a folder', ['--name', 'x', '--file', 'FOLDER'], /cannot be written/],
    ['a file of something else', ['--name', 'x', '--file', 'OTHER'], /is not JSON/],
  ])('%s is refused, and nothing is written', async (_, args, message) => {
    await using folder = await tempFolder();
    const paths = {
      FILE: join(folder.path, 'tokens.json'),
      FOLDER: join(folder.path, 'd'),
      OTHER: join(folder.path, 'o'),
    };
    await mkdir(paths.FOLDER);
    await writeFile(paths.OTHER, 'other');
    const given = args.map((arg) => paths[arg as keyof typeof paths] ?? arg);
    const { code, stdout, stderr } = await runCommand(['token', 'create', ...given]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    await expect(stat(paths.FILE)).rejects.toThrow('ENOENT');
    await expect(stat(`${paths.OTHER}.new`)).rejects.toThrow('ENOENT');
    expect(await readFile(paths.OTHER, 'utf8')).toBe('other');
  });
});

describe('token list, rotate and revoke', () => {
  const day = 86_400_000;

  async function withTokens(...made: string[][]) {
    const folder = await tempFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    const path = join(folder.path, 'tokens.json');
    const env = { GENWARDEN_AUTH_TOKENS_FILE: path };
    const secrets: string[] = [];
    for (const args of made) secrets.push((await runCommand(['token', 'create', ...args], { env })).stdout.trim());
    const entries = async () => parseTokens(await readFile(path, 'utf8'), path);
    return { path, env, secrets, entries, run: (...args: string[]) => runCommand(['token', ...args], { env }) };
  }

  test('list shows every token, and no hash', async () => {
    const { run, entries } = await withTokens(
      ['--name', 'ci', '--tenant', 'acme', '--expires', '90d', '--requests-per-second', '50'],
      ['--name', 'boss', '--scope', 'admin'],
    );
    const [ci, boss] = await entries();
    const { code, stdout } = await run('list', '-o', 'wide');
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'NAME', 'TENANT', 'SCOPES', 'EXPIRES', 'AGE', 'PER SECOND'],
      [ci!.id, 'ci', 'acme', 'jobs:read jobs:write', 'in 90d', '0s', '50'],
      [boss!.id, 'boss', 'default', 'admin', 'never', '0s', '200'],
      [''],
    ]);
    const json = await run('list', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      items: [{ id: ci!.id, requestsPerSecond: 50 }, { expiresAt: null }],
    });
    expect(json.stdout).not.toContain('sha256');
  });

  test('rotate adds a token with the same rights, and the old one stays valid for the overlap', async () => {
    const args = ['--name', 'ci', '--tenant', 'acme', '--scope', 'jobs:read', '--expires', '90d'];
    const { run, secrets, entries } = await withTokens([...args, '--requests-per-second', '50']);
    const { code, stdout, stderr } = await run('rotate', 'ci', '--overlap', '1h');
    expect(code).toBe(0);
    const [old, next] = await entries();
    expect(stderr).toContain(`Added ${next!.id} (ci, tenant acme)`);
    expect(stderr).toContain(`${old!.id} expires at ${new Date(commandsNow + 3_600_000).toISOString()}.`);
    const rights = { name: 'ci', tenant: 'acme', scopes: ['jobs:read'], requestsPerSecond: 50 };
    const store = tokenStore(await entries());
    expect(store.find(stdout.trim(), commandsNow + 90 * day - 1)).toEqual({
      ...rights,
      id: next!.id,
      expiresAt: commandsNow + 90 * day,
    });
    expect(store.find(secrets[0]!, commandsNow + 3_599_999)).toMatchObject(rights);
    expect(store.find(secrets[0]!, commandsNow + 3_600_000)).toBeUndefined();
    expect((await run('list')).stdout).toMatch(/in 60m/);
  });

  test('rotate never prolongs the old token', async () => {
    const { run, secrets, entries } = await withTokens(['--name', 'short', '--expires', '1h']);
    expect((await run('rotate', 'short')).code).toBe(0);
    expect(tokenStore(await entries()).find(secrets[0]!, commandsNow + 3_600_000)).toBeUndefined();
  });

  test('revoke deletes exactly one token, by id or by a unique name', async () => {
    const { run, entries } = await withTokens(['--name', 'a'], ['--name', 'b'], ['--name', 'b']);
    const [, first, second] = await entries();
    const ambiguous = await run('revoke', 'b');
    expect(ambiguous).toMatchObject({ code: 2, stdout: '' });
    expect(ambiguous.stderr).toContain(`2 tokens are named b; use an id: ${first!.id}, ${second!.id}`);
    expect((await run('revoke', 'c')).stderr).toContain('No token has the id or name c');
    expect(await entries()).toHaveLength(3);
    expect((await run('revoke', first!.id)).stdout).toContain(`Revoked ${first!.id} (b, tenant default)`);
    expect((await run('revoke', 'a')).code).toBe(0);
    expect((await entries()).map(({ id }) => id)).toEqual([second!.id]);
  });

  test('a missing file has no tokens to list, and none to revoke', async () => {
    const { run } = await withTokens();
    expect((await run('list', '-o', 'json')).stdout).toBe('{\n  "items": []\n}\n');
    expect((await run('revoke', 'a')).code).toBe(2);
  });
});
