// The log of a pod's container, line by line. client-node's Log is not used: it cannot resume a followed log that breaks off.

import { sleep } from '../../async/sleep.ts';
import { KubeError, type PodLogRequest } from '../../ports/kubernetes.ts';
import { linesOf, type KubeHttp } from './http.ts';

const retryMs = 1_000;
/** How often in a row a followed log is requested again: an API server takes a while to restart. */
const maxRetries = 60;

/** Throws `KubeError`. */
export async function* podLog(
  http: Pick<KubeHttp, 'stream'>,
  request: PodLogRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  /** The timestamp of the last line, in the server's format. */
  let last: string | undefined;
  for (let failures = 0; ;) {
    try {
      const resumeAfter = last;
      const since = resumeAfter ?? request.since;
      for await (const { time, text } of timestampedLines(http, { ...request, since }, signal)) {
        failures = 0;
        // The server takes `sinceTime` in whole seconds, so some lines come again.
        if (resumeAfter !== undefined && time <= resumeAfter) continue;
        last = time;
        yield text;
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (!mayResume(error) || !request.follow || last === undefined || failures > maxRetries) throw asKubeError(error);
      await sleep(retryMs, signal);
    }
  }
}

const mayResume = (error: unknown): boolean =>
  !(error instanceof KubeError) || (error.status !== 401 && error.status !== 403);

function asKubeError(error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new KubeError(0, 'LogBroken', `the log broke off: ${why}`, { cause: error });
}

async function* timestampedLines(
  http: Pick<KubeHttp, 'stream'>,
  { namespace, name, container, since, follow, previous = false }: PodLogRequest,
  signal: AbortSignal,
): AsyncGenerator<{ time: string; text: string }> {
  const query = new URLSearchParams({ container, timestamps: 'true', sinceTime: since });
  if (follow) query.set('follow', 'true');
  if (previous) query.set('previous', 'true');
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?${query.toString()}`;
  // No timeout: the headers of a followed log may come with its first line only.
  for await (const line of linesOf(await http.stream({ method: 'GET', path, signal }, Infinity), 'yield')) {
    const end = line.indexOf(' ');
    yield { time: line.slice(0, end), text: line.slice(end + 1) };
  }
}
