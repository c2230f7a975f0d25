// docs/gitops.md: its manifests are YAML, and the health checks for Argo CD judge rightly, run by a Lua interpreter.
import { lauxlib, lua, lualib, to_luastring } from 'fengari';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { read } from '../../tidy/repository.ts';

interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
}

const manifests = [...read('docs/gitops.md').matchAll(/```yaml\n([^]*?)```/g)].flatMap(([, text]) =>
  parseAllDocuments(text!).map((document) => document.toJS() as Manifest),
);

test('the manifests are those of the tools', () => {
  // The configuration of kustomize has no kind.
  const kinds = manifests.map(({ kind }) => kind);
  const kustomize = ['Kustomization', undefined];
  expect(kinds).toEqual(['Application', 'HelmRelease', ...kustomize, 'Kustomization', 'ConfigMap', 'ExternalSecret']);
});

type LuaValue = string | number | boolean | null | { readonly [key: string]: LuaValue } | readonly LuaValue[];

/** As a table constructor of Lua. JSON's strings are Lua's, but for escapes that our texts do not have. */
function luaOf(value: LuaValue): string {
  if (value === null) return 'nil';
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `{ ${(value as readonly LuaValue[]).map(luaOf).join(', ')} }`;
  return `{ ${Object.entries(value)
    .map(([key, each]) => `[${JSON.stringify(key)}] = ${luaOf(each)}`)
    .join(', ')} }`;
}

/** `Healthy: message`. */
function health(kind: string, object: LuaValue): string {
  const { data = {} } = manifests.find((each) => each.kind === 'ConfigMap')!;
  const check = data[`resource.customizations.health.genwarden.dev_${kind}`]!;
  const code = `obj = ${luaOf(object)}\nlocal found = (function()\n${check}\nend)()\nreturn found.status .. ": " .. found.message`;
  const state = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(state);
  const failed = lauxlib.luaL_dostring(state, to_luastring(code));
  const result = lua.lua_tojsstring(state, -1);
  if (failed) throw new Error(result);
  return result;
}

const condition = (type: string, status: string, reason: string) => ({ type, status, reason, message: `${reason}!` });

describe('the health of a GenerationJob', () => {
  const job = (conditions: LuaValue, spec: LuaValue = {}): LuaValue => ({
    metadata: { generation: 1 },
    spec,
    status: { observedGeneration: 1, conditions },
  });

  test.each([
    [
      'not seen yet',
      { metadata: { generation: 1 }, spec: {}, status: { observedGeneration: -1 } },
      'Progressing: Waiting for the operator',
    ],
    [
      'open',
      job([condition('Finished', 'False', 'Running'), condition('Reconciling', 'True', 'Running')]),
      'Progressing: Running!',
    ],
    [
      'complete',
      job([condition('Complete', 'True', 'Succeeded'), condition('Failed', 'False', 'EndedOtherwise')]),
      'Healthy: Succeeded!',
    ],
    [
      'failed',
      job([condition('Complete', 'False', 'EndedOtherwise'), condition('Failed', 'True', 'AttemptTimeout')]),
      'Degraded: AttemptTimeout: AttemptTimeout!',
    ],
    ['suspended', job([condition('Reconciling', 'True', 'Suspended')], { suspend: true }), 'Suspended: Suspended'],
  ])('%s', (_what, object, expected) => {
    expect(health('GenerationJob', object)).toBe(expected);
  });
});

describe('the health of a WorkerPool', () => {
  const pool = (conditions: LuaValue, generation = 1): LuaValue => ({
    metadata: { generation },
    status: { observedGeneration: 1, conditions },
  });

  test.each([
    ['not seen yet', pool([], 2), 'Progressing: Waiting for the operator'],
    [
      'starting',
      pool([condition('Ready', 'False', 'Starting'), condition('Reconciling', 'True', 'Starting')]),
      'Progressing: Starting: Starting!',
    ],
    ['ready', pool([condition('Ready', 'True', 'Available')]), 'Healthy: Available!'],
    [
      'stalled',
      pool([condition('Ready', 'False', 'InvalidSpec'), condition('Stalled', 'True', 'InvalidSpec')]),
      'Degraded: InvalidSpec: InvalidSpec!',
    ],
  ])('%s', (_what, object, expected) => {
    expect(health('WorkerPool', object)).toBe(expected);
  });
});
