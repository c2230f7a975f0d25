// The table of scopes in docs/http.md lists every call of the API under the scope that its route requires.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scopes } from '../../../src/api/auth/principal.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';

const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');

test('docs/http.md lists every call with its scope', async () => {
  const section = /^### Scopes$(.*?)^### /ms.exec(page)![1]!;
  const listed = scopes.flatMap((scope) => {
    const row = new RegExp(`^\\| \`${scope}\` +\\|(.*)$`, 'm').exec(section)![1]!;
    // The row of `admin` also names calls of other scopes, after a semicolon.
    const calls = row.split(';')[0]!.matchAll(/`((?:GET|POST|DELETE) [^`]+)`/g);
    return [...calls].map(([, call]) => `${scope} ${call}`);
  });
  await using world = await apiWorld();
  const { paths } = (await world.get('/openapi.json')).json as { paths: Record<string, Record<string, Operation>> };
  const required = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { security }]) => {
      const [scope] = security.flatMap(({ token = [] }) => token);
      return scope === undefined ? [] : [`${scope} ${method.toUpperCase()} ${path}`];
    }),
  );
  expect(listed.toSorted()).toEqual(required.toSorted());
});

interface Operation {
  readonly security: readonly { readonly token?: readonly string[] }[];
}
