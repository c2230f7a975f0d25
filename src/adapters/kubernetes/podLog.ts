// The log of a pod's container, line by line, and on through lost connections where it is followed.

import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
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
/** How often in a row a log that was there is asked for again: an API server that restarts takes a while. */
const mostTries = 60;

/** Ends with the log, with the pod where it is followed, and with the signal. Throws `ClusterForbidden` or `ClusterUnreachable`. */
export async function* podLog(config: KubeConfig, asked: PodLogRequest, signal: AbortSignal): AsyncGenerator<string> {
  /** Of the last line, as the server wrote it. */
  let last: string | undefined;
  for (let failures = 0; ;) {
    try {
      const seen = last;
      for await (const { time, text: line } of stampedLines(config, { ...asked, since: seen ?? asked.since }, signal)) {
        failures = 0;
        // The server counts from whole seconds: what was seen already comes again.
        if (seen !== undefined && time <= seen) continue;
        last = time;
        yield line;
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      const lost = !(error instanceof GenwardenError) || error.code === 'ClusterUnreachable';
      if (!lost || !asked.follow || last === undefined || failures > mostTries)
        throw clusterError(error, 'go on with a log');
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

async function* stampedLines(
  config: KubeConfig,
  asked: PodLogRequest,
  signal: AbortSignal,
): AsyncGenerator<{ time: string; text: string }> {
  for await (const line of linesOf(await open(config, asked, signal))) {
    const at = line.indexOf(' ');
    yield { time: line.slice(0, at), text: line.slice(at + 1) };
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

async function open(
  config: KubeConfig,
  { namespace, pod, container, since, follow, previous = false }: PodLogRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
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
    throw clusterError(error, `read the log of pod ${namespace}/${pod}`);
  }
}

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = url.protocol === 'https:' ? request(url, options, resolve) : plainRequest(url, options, resolve);
    asked.once('error', reject).end();
  });
}
