// The bounds that docs/http.md states for a submit: the last value within is accepted, and the first one beyond is refused by name.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await apiWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** `levels` objects and lists in each other, around a number or around nothing. */
const deepObjects = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
const deepLists = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
/** JSON of that many bytes. */
const jsonOf = (bytes: number): unknown => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
const labels = (count: number): unknown =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`label-${at}`, 'x']));
const tasks = (count: number): unknown => Array.from({ length: count }, () => ({}));
const x = (count: number): string => 'x'.repeat(count);
const inTask = (task: object): object => ({ tasks: [task] });
const policy = (name: string, value: unknown): object => ({ policy: { [name]: value } });

const prefix = (length: number): string => {
  const label = 'p'.repeat(61);
  return `${label}.${label}.${label}.${label}.${'p'.repeat(length - 248)}`;
};
const text = (input: object): object => ({ kind: 'text', input: { prompt: 'a poem', ...input } });

/** A bound, how to make a body at it or beyond, the last value within, the first beyond, and the path of the error. */
const bounds: [what: string, body: (value: never) => object, within: unknown, beyond: unknown, path: string][] = [
  ['levels of metadata', (n: number) => ({ metadata: deepObjects(n) }), 64, 65, 'metadata'],
  ['levels of lists in metadata', (n: number) => ({ metadata: deepLists(n) }), 64, 65, 'metadata'],
  ["levels of a task's metadata", (n: number) => inTask({ metadata: deepObjects(n) }), 64, 65, 'tasks[0].metadata'],
  ['bytes of metadata', (n: number) => ({ metadata: jsonOf(n) }), 4_096, 4_097, 'metadata'],
  ["bytes of a task's metadata", (n: number) => inTask({ metadata: jsonOf(n) }), 4_096, 4_097, 'tasks[0].metadata'],
  ['labels', (n: number) => ({ labels: labels(n) }), 16, 17, 'labels'],
  ["characters of a label's name", (n: number) => ({ labels: { [x(n)]: 'a' } }), 63, 64, `labels.${x(64)}`],
  [
    "characters of a label's prefix",
    (n: number) => ({ labels: { [`${prefix(n)}/a`]: 'a' } }),
    253,
    254,
    `labels.${prefix(254)}/a`,
  ],
  ["characters of a label's value", (n: number) => ({ labels: { a: x(n) } }), 63, 64, 'labels.a'],
  ['tasks', (n: number) => ({ tasks: tasks(n) }), 500, 501, 'tasks'],
  ['characters of a task name', (n: number) => inTask({ name: x(n) }), 100, 101, 'tasks[0].name'],
  ['characters of a task name, at least', (n: number) => inTask({ name: x(n) }), 1, 0, 'tasks[0].name'],
  ['characters of a concurrency key', (n: number) => ({ concurrencyKey: x(n) }), 200, 201, 'concurrencyKey'],
  ['characters of a concurrency key, at least', (n: number) => ({ concurrencyKey: x(n) }), 1, 0, 'concurrencyKey'],
  ['characters of a group', (n: number) => ({ group: x(n) }), 63, 64, 'group'],
  ['bytes of a prompt', (n: number) => ({ input: { prompt: x(n) } }), 32_768, 32_769, 'input.prompt'],
  ['bytes of a prompt, at least', (n: number) => ({ input: { prompt: x(n) } }), 1, 0, 'input.prompt'],
  ['bytes of a prompt of é', (n: number) => ({ input: { prompt: 'é'.repeat(n) } }), 16_384, 16_385, 'input.prompt'],
  ['bytes of a system', (n: number) => text({ system: x(n) }), 32_768, 32_769, 'input.system'],
  ['attempts', (n: number) => policy('maxAttempts', n), 20, 21, 'policy.maxAttempts'],
  ['attempts, at least', (n: number) => policy('maxAttempts', n), 1, 0, 'policy.maxAttempts'],
  ['lost attempts', (n: number) => policy('maxLostAttempts', n), 20, 21, 'policy.maxLostAttempts'],
  ['lost attempts, at least', (n: number) => policy('maxLostAttempts', n), 1, 0, 'policy.maxLostAttempts'],
  ['attemptTimeout', (d: string) => policy('attemptTimeout', d), '1h', '1h1ms', 'policy.attemptTimeout'],
  ['attemptTimeout, at least', (d: string) => policy('attemptTimeout', d), '100ms', '99ms', 'policy.attemptTimeout'],
  ['runTimeout', (d: string) => policy('runTimeout', d), '24h', '24h1ms', 'policy.runTimeout'],
  ['runTimeout, at least', (d: string) => policy('runTimeout', d), '100ms', '99ms', 'policy.runTimeout'],
  ['queueTimeout, at least', (d: string) => policy('queueTimeout', d), '100ms', '99ms', 'policy.queueTimeout'],
  ['reviewTimeout, at least', (d: string) => policy('reviewTimeout', d), '100ms', '99ms', 'policy.reviewTimeout'],
  ['deadline, at least', (d: string) => policy('deadline', d), '100ms', '99ms', 'policy.deadline'],
  ['backoff.max', (d: string) => policy('backoff', { max: d }), '1h', '1h1ms', 'policy.backoff.max'],
];

test.each(bounds)('%s', async (_what, body, within, beyond, path) => {
  const submit = (value: unknown) =>
    world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' }, ...body(value as never) });
  const accepted = await submit(within);
  expect({ status: accepted.status, errors: accepted.json['errors'] }).toEqual({ status: 202, errors: undefined });
  const refused = await submit(beyond);
  expect(refused.status).toBe(422);
  const [first] = refused.json['errors'] as { path: string }[];
  expect(first!.path).toContain(path);
});
