// Starts the API and a controller on a stream that is full already: until each is ready, and until the API knows every task.

import type { TestProcess } from '../../test/support/process.ts';
import { until } from '../../test/support/until.ts';
import type { Headers } from '../http/connection.ts';
import { start, urlOf } from '../processes.ts';

export interface Installation {
  readonly env: Record<string, string>;
  /** What an administrator sends to see the tasks of all tenants. */
  readonly headers: Headers;
}

export interface Site {
  readonly url: string;
  readonly headers: Headers;
}

export interface Started extends Site, AsyncDisposable {
  readonly process: TestProcess;
  /** ms from the start of the process. */
  readonly listensMs: number;
  readonly readyMs: number;
  /** Lists are complete, and every open task is counted. */
  readonly warmMs: number;
}

/** Bounds every wait, ms. */
const patience = 300_000;

export async function startApi({ env, headers }: Installation, openTasks: number): Promise<Started> {
  const from = performance.now();
  const api = await start(['api'], { env, readyWhen: /API on/, timeoutMs: patience });
  const listensMs = performance.now() - from;
  const url = urlOf(api);
  try {
    await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API to be ready', timeoutMs: patience });
    const readyMs = performance.now() - from;
    await until(() => isWarm({ url, headers }, openTasks), {
      what: `the API to know ${openTasks} tasks`,
      timeoutMs: patience,
    });
    const warmMs = performance.now() - from;
    return { process: api, url, headers, listensMs, readyMs, warmMs, [Symbol.asyncDispose]: () => api.stop() };
  } catch (error) {
    await api.stop();
    throw error;
  }
}

export interface StartedController extends AsyncDisposable {
  readonly process: TestProcess;
  /** ms from the start of the process until it follows the stream. */
  readonly readyMs: number;
}

export async function startController({ env }: Installation): Promise<StartedController> {
  const from = performance.now();
  const withJson = { ...env, GENWARDEN_LOG_FORMAT: 'json' };
  const controller = await start(['controller'], { env: withJson, readyWhen: /metrics on/, timeoutMs: patience });
  const url = /http:\/\/[^"\s]+?:\d+/.exec(controller.lines.join('\n'))![0];
  try {
    await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the controller', timeoutMs: patience });
    const readyMs = performance.now() - from;
    return { process: controller, readyMs, [Symbol.asyncDispose]: () => controller.stop() };
  } catch (error) {
    await controller.stop();
    throw error;
  }
}

async function isWarm(site: Site, openTasks: number): Promise<boolean> {
  const list = await get<{ complete: boolean }>(site, '/v1/jobs?limit=1');
  if (!list.complete) return false;
  return (await countOf(site)) === openTasks;
}

/** Queued tasks, from the API's index. */
export async function countOf(site: Site): Promise<number> {
  const { now } = await get<{ now: { queued: number } }>(site, '/v1/activity');
  return now.queued;
}

async function get<T>({ url, headers }: Site, path: string): Promise<T> {
  const answer = await fetch(`${url}${path}`, { headers });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
