// kubectl for tests, as the cluster's admin: `kubectl('get', 'pods', '-n', namespace)`, objects in and out as JSON.
import { until } from '../../support/until.ts';
import { attempt, type Ran, run, type RunOptions } from './run.ts';

/** An object as the API server has it, for tests that look at any kind. */
export interface Any {
  apiVersion: string;
  kind: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  [field: string]: any;
}

/** Standard output; throws `CommandFailed` (./run.ts) with what kubectl said. */
export const kubectl = (...args: string[]): Promise<string> => run('kubectl', args);

/** For what may be refused: the exit status and what kubectl said. */
export const tryKubectl = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  attempt('kubectl', args, options);

/** Applies objects, or YAML text, into a namespace; further arguments such as `--server-side`. */
export async function apply(objects: object | string, namespace: string, ...more: string[]): Promise<void> {
  await run('kubectl', ['apply', '-n', namespace, '-f', '-', ...more], { input: manifest(objects) });
}

/** As `apply`, for what the API server may refuse. */
export const tryApply = (objects: object | string, namespace: string, ...more: string[]): Promise<Ran> =>
  attempt('kubectl', ['apply', '-n', namespace, '-f', '-', ...more], { input: manifest(objects) });

/** One object; throws where there is none. `resource` is `pod`, `gwp`, `deployment` … */
export async function getObject(resource: string, name: string, namespace: string): Promise<Any> {
  return JSON.parse(await kubectl('get', resource, name, '-n', namespace, '-o', 'json')) as Any;
}

/** All of a kind, or those of a label selector (`app.kubernetes.io/component=api`). */
export async function listObjects(resource: string, namespace: string, selector?: string): Promise<Any[]> {
  const chosen = selector === undefined ? [] : ['-l', selector];
  const list = await kubectl('get', resource, '-n', namespace, ...chosen, '-o', 'json');
  return (JSON.parse(list) as { items: Any[] }).items;
}

/** Waits until the object exists and `fits`; the last object seen stands in the failure. */
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

/** Everything that the containers of a pod, or of pods by `deployment/x`, have logged. */
export const logsOf = (object: string, namespace: string, ...more: string[]): Promise<string> =>
  kubectl('logs', object, '-n', namespace, '--all-containers', ...more);

/** What a pod has logged, as soon as it holds `part`. */
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
