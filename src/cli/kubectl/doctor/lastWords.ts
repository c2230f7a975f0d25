// The last complaint in the logs of pods that are not well: why a process is not ready, or why it ended.

import type { Pods } from '../../../ports/kubernetes.ts';
import { conditionOf } from '../../../operator/resources/builtInKinds.ts';
import { type Pod } from './kinds.ts';

/** Logs of so many pods are read, each for at most so long, ms. */
const mostPods = 8;
const readFor = 3_000;
const since = 15 * 60_000;

/** By the name of the pod. What cannot be read is left out. */
export async function lastWords(
  pods: Pick<Pods, 'log'>,
  all: readonly Pod[],
  now: number,
): Promise<ReadonlyMap<string, string>> {
  const ill = all.filter((pod) => conditionOf(pod, 'Ready')?.status !== 'True' && hasStarted(pod)).slice(0, mostPods);
  const read = ill.map(async (pod) => [pod.metadata.name, await wordsOf(pods, pod, now)] as const);
  return new Map((await Promise.all(read)).flatMap(([name, words]) => (words === undefined ? [] : [[name, words]])));
}

const statusesOf = ({ status }: Pod) => status?.containerStatuses ?? [];
const hasStarted = (pod: Pod): boolean =>
  statusesOf(pod).some(({ restartCount = 0, state }) => restartCount > 0 || state?.waiting === undefined);

async function wordsOf(pods: Pick<Pods, 'log'>, pod: Pod, now: number): Promise<string | undefined> {
  const status = statusesOf(pod).find(({ ready }) => ready !== true);
  if (status === undefined) return undefined;
  const ended = status.state?.waiting !== undefined && (status.restartCount ?? 0) > 0;
  const { namespace, name } = pod.metadata;
  const request = {
    namespace,
    name,
    container: status.name,
    since: new Date(now - since).toISOString(),
    follow: false,
  };
  const lines: string[] = [];
  try {
    const limit = AbortSignal.timeout(readFor);
    for await (const line of pods.log({ ...request, ...(ended && { previous: true }) }, limit)) lines.push(line);
  } catch {
    return undefined;
  }
  return complaintIn(lines);
}

/** The last line of a log that warns, of Genwarden (JSON) or of nats-server, without its time. */
export function complaintIn(lines: readonly string[]): string | undefined {
  for (const line of lines.toReversed()) {
    const said = line.startsWith('{') ? complaintOfJson(line) : /\[(?:ERR|FTL|WRN)\] (.*)/.exec(line)?.[1];
    if (said !== undefined) return said.slice(0, 400);
  }
  return complaintOfCommand(lines)?.slice(0, 400);
}

/** A process that cannot start says so in lines for people: `genwarden: 2 settings are invalid:`, then each of them. */
function complaintOfCommand(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) => /^(?:nats-server|error|genwarden):/i.test(line));
  const line = lines[at];
  return line?.endsWith(':') === true ? `${line} ${(lines[at + 1] ?? '').trim()}` : line;
}

function complaintOfJson(line: string): string | undefined {
  try {
    const { level, msg, err, error } = JSON.parse(line) as Record<string, unknown>;
    if (!['warn', 'error', 'fatal', 40, 50, 60].includes(level as string)) return undefined;
    const cause = typeof error === 'string' ? error : (err as { message?: unknown } | undefined)?.message;
    return typeof cause === 'string' && !String(msg).includes(cause) ? `${String(msg)}: ${cause}` : String(msg);
  } catch {
    return undefined;
  }
}
