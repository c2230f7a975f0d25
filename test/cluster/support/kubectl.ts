// kubectl for tests, as the cluster's admin: `kubectl('get', 'pods', '-n', namespace)`, objects in and out as JSON.
import { until } from '../../support/until.ts';
import { attempt, type Ran, run, type RunOptions } from './run.ts';

/** An object of any kind from the API server. */
export interface Any {
  apiVersion: string;
  kind: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  [field: string]: any;
}

/** Standard output; throws `CommandFailed` (./run.ts) with kubectl's output. */
export const kubectl = (...args: string[]): Promise<string> => run('kubectl', args);

/** For commands that may fail: the exit status and the output. */
export const tryKubectl = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  attempt('kubectl', args, options);

/** Applies objects, or YAML text, into a namespace; further arguments such as `--server-side`. */
export async function apply(objects: object | string, namespace: string, ...more: string[]): Promise<void> {
  await run('kubectl', ['apply', '-n', namespace, '-f', '-', ...more], { input: manifest(objects) });
}

/** Like `apply`, for objects that the API server may reject. */
export const tryApply = (objects: object | string, namespace: string, ...more: string[]): Promise<Ran> =>
  attempt('kubectl', ['apply', '-n', namespace, '-f', '-', ...more], { input: manifest(objects) });

/** One object; throws if it does not exist. `resource` is `pod`, `gwp`, `deployment` … */
export async function getObject(resource: string, name: string, namespace: string): Promise<Any> {
  return JSON.parse(await kubectl('get', resource, name, '-n', namespace, '-o', 'json')) as Any;
}

/** All objects of a kind, or those that a label selector matches (`app.kubernetes.io/component=api`). */
export async function listObjects(resource: string, namespace: string, selector?: string): Promise<Any[]> {
  const chosen = selector === undefined ? [] : ['-l', selector];
  const list = await kubectl('get', resource, '-n', namespace, ...chosen, '-o', 'json');
  return (JSON.parse(list) as { items: Any[] }).items;
}

/** Waits until the object exists and `fits`; a failure contains the last object. */
export async function untilObject(
  resource: string,
  name: string,
  namespace: string,
  fits: (object: Any) => boolean,
  options: { what: string; timeoutMs?: number },
): Promise<Any> {
  let last: Any | undefined;
  const look = async (): Promise<Any | false> => {
    last = await getObject(resource, name, namespace);
    return fits(last) ? last : false;
  };
  try {
    return await until(look, { timeoutMs: 60_000, intervalMs: 250, ...options });
  } catch (error) {
    throw new Error(`${String(error)}\nlast seen: ${JSON.stringify(last?.status ?? last, undefined, 1)}`, {
      cause: error,
    });
  }
}

/** `kubectl wait --for=condition=…` of one object, such as `deployment/x`, `pod/x`, `gj/x`. */
export async function waitForCondition(
  object: string,
  condition: string,
  namespace: string,
  timeoutMs = 60_000,
): Promise<void> {
  await run('kubectl', ['wait', `--for=condition=${condition}`, object, '-n', namespace, `--timeout=${timeoutMs}ms`], {
    timeoutMs: timeoutMs + 10_000,
  });
}

/** The logs of all containers of a pod, or of a workload such as `deployment/x`. */
export const logsOf = (object: string, namespace: string, ...more: string[]): Promise<string> =>
  kubectl('logs', object, '-n', namespace, '--all-containers', ...more);

/** The log of a pod, once it contains `part`. */
export function untilLogged(pod: string, namespace: string, part: string, timeoutMs = 30_000): Promise<string> {
  const look = async (): Promise<string | false> => {
    const logged = await logsOf(pod, namespace);
    return logged.includes(part) && logged;
  };
  return until(look, { what: `"${part}" in the log of ${pod}`, timeoutMs, intervalMs: 250 });
}

/** Runs a command in a pod; standard output. */
export const execIn = (pod: string, namespace: string, ...command: string[]): Promise<string> =>
  kubectl('exec', pod, '-n', namespace, '--', ...command);

const manifest = (objects: object | string): string =>
  typeof objects === 'string'
    ? objects
    : JSON.stringify(Array.isArray(objects) ? { apiVersion: 'v1', kind: 'List', items: objects as object[] } : objects);
