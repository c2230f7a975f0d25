// The log of a pod’s container, line by line, and on through lost connections where it is followed.

import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { clusterError } from './clusterErrors.ts';

export interface PodLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** ISO 8601. */
  readonly since: string;
  readonly follow: boolean;
  /** Of the container before its last restart. */
  readonly previous?: boolean;
}

const retryMs = 1_000;

/** Ends with the log, with the pod where it is followed, and with the signal. Throws `ClusterForbidden` or `ClusterUnreachable`. */
export async function* podLog(config: KubeConfig, asked: PodLogRequest, signal: AbortSignal): AsyncGenerator<string> {
  let since = asked.since;
  // The server counts in whole seconds: what was seen already comes again, and is passed over.
  let last = '';
  for (;;) {
    const response = await open(config, { ...asked, since }, signal);
    if (response === undefined) return;
    let whole = false;
    try {
      for await (const line of linesOf(response)) {
        const at = line.indexOf(' ');
        const time = line.slice(0, at);
        if (time <= last) continue;
        last = time;
        since = time;
        yield line.slice(at + 1);
      }
      whole = true;
    } catch {
      // Lost: it goes on after the last line.
    }
    if (signal.aborted || !asked.follow || whole) return;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Undefined where the signal came first. */
async function open(
  config: KubeConfig,
  { namespace, pod, container, since, follow, previous = false }: PodLogRequest,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  const query = new URLSearchParams({ container, timestamps: 'true', sinceTime: since });
  if (follow) query.set('follow', 'true');
  if (previous) query.set('previous', 'true');
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`;
  try {
    const options: RequestOptions = { signal };
    await config.applyToHTTPSOptions(options);
    const url = new URL(`${config.getCurrentCluster()!.server.replace(/\/+$/, '')}${path}`);
    const response = await send(url, options);
    if (response.statusCode === 200) return response;
    throw Object.assign(new Error('refused'), { code: response.statusCode, body: await text(response) });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw clusterError(error, `read the log of pod ${namespace}/${pod}`);
  }
}

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = url.protocol === 'https:' ? request(url, options, resolve) : plainRequest(url, options, resolve);
    asked.once('error', reject).end();
  });
}
