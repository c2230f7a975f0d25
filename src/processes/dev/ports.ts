// Checks all ports of `genwarden dev` before anything starts, and offers a command with free ones.

import { createServer } from 'node:net';
import type { ResolvedSetting } from '../../config/setting.ts';
import { metricsPortOf, type Settings } from '../../config/settings.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { flagsOf, programName } from './program.ts';
import { portHolder } from './portHolder.ts';

interface WantedPort {
  readonly port: number;
  readonly host: string;
  readonly what: string;
  readonly setting: 'HTTP_PORT' | 'METRICS_PORT';
}

interface TakenPort extends WantedPort {
  readonly by: string;
}

const offsets = { api: 0, worker: 1, controller: 2 } as const;

/** A configured metrics port is the API's; the first worker and the controller take the next two. */
export function onMetricsPort(settings: Settings, process: keyof typeof offsets): Settings {
  const { metricsPort } = settings;
  if (metricsPort === undefined || metricsPort === 0) return settings;
  return { ...settings, metricsPort: metricsPort + offsets[process] };
}

function wantedPorts(settings: Settings): WantedPort[] {
  const { http, metricsHost: host } = settings;
  const metrics = (['api', 'worker', 'controller'] as const).map((process) => ({
    port: metricsPortOf(onMetricsPort(settings, process), process),
    host,
    what: `metrics of the ${process === 'api' ? 'API' : process}`,
    setting: 'METRICS_PORT' as const,
  }));
  const api: WantedPort = { port: http.port, host: http.host, what: 'API and console', setting: 'HTTP_PORT' };
  return [api, ...metrics].filter(({ port }) => port !== 0);
}

/** Throws one `PortInUse` that names all ports that are taken, by whom, and a command with free ports. */
export async function checkPorts(settings: Settings, resolved: readonly ResolvedSetting[]): Promise<void> {
  const taken: TakenPort[] = [];
  const wanted = wantedPorts(settings);
  for (const [at, one] of wanted.entries()) {
    const double = wanted.slice(0, at).find(({ port }) => port === one.port);
    if (double !== undefined) taken.push({ ...one, by: `wanted for ${double.what} as well` });
    else if (!(await isFree(one))) taken.push({ ...one, by: `used by ${portHolder(one.port) ?? 'another program'}` });
  }
  if (taken.length === 0) return;
  const title = taken.length === 1 ? 'One port is not free:' : `${taken.length} ports are not free:`;
  const lines = taken.map(({ port, what, by }) => `  ${String(port).padEnd(5)}  ${what}: ${by}`);
  const command = await commandWithFreePorts(settings, resolved, taken);
  const offer = `  With free ports: ${command}`;
  const details = { ports: taken.map(({ port, host, what }) => ({ port, host, what })) };
  throw new GenwardenError('PortInUse', [title, ...lines, offer].join('\n'), { details });
}

/** The command as it was started, with other ports for those that are taken. */
async function commandWithFreePorts(
  settings: Settings,
  resolved: readonly ResolvedSetting[],
  taken: readonly TakenPort[],
): Promise<string> {
  const names = new Set<string>(taken.map(({ setting }) => setting));
  const kept = wantedPorts(settings).filter(({ setting }) => !names.has(setting));
  const used = new Set(kept.map(({ port }) => port));
  const flags: string[] = [];
  if (names.has('HTTP_PORT')) {
    const port = await freeFrom(settings.http.port + 1, settings.http.host, 1, used);
    used.add(port);
    flags.push('--http-port', String(port));
  }
  if (names.has('METRICS_PORT')) {
    const first = metricsPortOf(onMetricsPort(settings, 'api'), 'api') + 1;
    flags.push('--metrics-port', String(await freeFrom(first, settings.metricsHost, 3, used)));
  }
  const own = flagsOf(resolved.filter(({ definition, source }) => isFlag(source) && !names.has(definition.name)));
  return [programName(), 'dev', ...own, ...flags].join(' ');
}

const isFlag = (source: ResolvedSetting['source']): boolean =>
  source.kind === 'flag' || (source.kind === 'file' && source.name.startsWith('--'));

const highestPort = 65_535;

/** The first of `count` free ports in a row, from `first` on; 0, which picks any free port, if there are none. */
async function freeFrom(first: number, host: string, count: number, used: ReadonlySet<number>): Promise<number> {
  for (let start = first; start + count - 1 <= highestPort; start += 1) {
    const row = Array.from({ length: count }, (_, at) => start + at);
    if (row.some((port) => used.has(port))) continue;
    const free = await Promise.all(row.map((port) => isFree({ host, port })));
    if (free.every(Boolean)) return start;
  }
  return 0;
}

/** Only a port that is in use counts as taken: other errors are reported where the port is opened. */
function isFree({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
