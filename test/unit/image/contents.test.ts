// The image that the cluster tests run is the one that the Dockerfile builds: same files, same user, same start.
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { applicationConfig, applicationPaths, programs, systemFiles } from '../../../hack/image/contents.ts';
import { productionModules } from '../../../hack/image/images.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The instructions of the last stage, comments and continued lines folded. */
const finalStage = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split(/^FROM .*\n/m)
  .at(-1)!
  .split('\n');

const argumentsOf = (instruction: string): string[] =>
  finalStage.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

/** What COPY brings, as absolute paths in the image. */
const copied = argumentsOf('COPY').flatMap((line) => {
  const [from, ...paths] = line.split(' ');
  expect(from).toBe('--from=build');
  return paths.slice(0, -1);
});

test("the Dockerfile's final stage and the assembled image have the same files", () => {
  const assembled = [...applicationPaths.map((path) => `/app/${path}`), ...systemFiles];
  expect(copied.toSorted()).toEqual(assembled.toSorted());
});

test('what is copied keeps its place', () => {
  for (const line of argumentsOf('COPY')) {
    const [, ...paths] = line.split(' ');
    const target = paths.pop()!;
    const places = paths.map((path) => resolve('/app', target.endsWith('/') ? join(target, basename(path)) : target));
    expect(places).toEqual(paths);
  }
});

test('both start the same way, as the same user', () => {
  expect(argumentsOf('USER')).toEqual([applicationConfig.user]);
  expect(argumentsOf('WORKDIR')).toEqual([applicationConfig.workingDir]);
  expect(argumentsOf('ENTRYPOINT').map((line) => JSON.parse(line) as unknown)).toEqual([applicationConfig.entrypoint]);
  const env = Object.entries(applicationConfig.env).map(([variable, value]) => `${variable}=${value}`);
  expect(argumentsOf('ENV')).toEqual(env);
  const [id] = applicationConfig.user.split(':');
  expect(argumentsOf('RUN').join('\n')).toContain(`useradd --uid ${id} --gid ${id}`);
});

test('the image has every dependency, and none that is for development alone', async () => {
  const modules = (await productionModules()).map((path) => path.replace('node_modules/', ''));
  expect(modules).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
  for (const name of ['node', 'typescript', 'vitest', 'oxlint', 'knip']) expect(modules).not.toContain(name);
});

test('the build stage gets what is copied, and what it compiles', () => {
  const sent = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const built = ['dist', 'node_modules'];
  const needed = applicationPaths.filter((path) => !built.includes(path));
  const sources = ['src', 'tsconfig.json', 'package-lock.json', '.npmrc'];
  const scripts = packageJson.scripts.build.match(/\S+\.(?:ts|json)\b/g)!;
  const imported = scripts.flatMap((path) =>
    [...read(path).matchAll(/from '\.\/([^']+)'/g)].map(([, name]) => `hack/${name}`),
  );
  expect(sent.toSorted()).toEqual([...new Set([...needed, ...sources, ...scripts, ...imported])].toSorted());
});

test('the assembled image has every program that bin/genwarden runs', () => {
  const script = read('bin/genwarden').replaceAll(/^\s*#.*$/gm, '');
  const called = [
    ...script.matchAll(/(?:^|\$\()\s*(?:exec )?(readlink|dirname|basename|sed|awk|grep|cat|head|tr|cut|realpath)\b/gm),
  ];
  expect([...new Set(called.map((match) => match[1]!)), 'sh'].toSorted()).toEqual([...programs].toSorted());
});
