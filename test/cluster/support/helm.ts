// helm for tests. It keeps its files (repositories, cache) out of the home folder.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, type Ran, run } from './run.ts';

export const chartFolder = join(import.meta.dirname, '../../../charts/genwarden');

const home = join(tmpdir(), `genwarden-helm-${process.pid}`);
const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };

/** Standard output; throws `CommandFailed` (./run.ts) with helm's output. */
export const helm = (...args: string[]): Promise<string> => run('helm', args, { env, timeoutMs: 600_000 });

/** For commands that may fail: the exit status and the output. */
export const tryHelm = (args: readonly string[], input = ''): Promise<Ran> =>
  attempt('helm', args, { env, input, timeoutMs: 600_000 });

/** With values as an object: `helmWith(values, 'upgrade', 'name', chartFolder, '-n', namespace)`. */
export const helmWith = (values: object, ...args: string[]): Promise<string> =>
  run('helm', [...args, '--values', '-'], { env, input: JSON.stringify(values), timeoutMs: 600_000 });
