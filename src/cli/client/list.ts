// `genwarden list`: jobs, newest first.

import { Option, type Command } from 'commander';
import type { GenwardenClient, JobPage, Kind, ListFilter, State } from '../../client/index.ts';
import { taskStates } from '../../job/task.ts';
import { writeLine, type Io } from '../output/io.ts';
import { isForPeople, namedOutputOption, printAs, type OutputFormat } from '../output/print.ts';
import { jobTable } from './jobTables.ts';
import { pairs, wholeNumber, type Pair } from './optionParsers.ts';
import { clientCommand, withClient } from './session.ts';

interface ListOptions {
  readonly state?: (State | 'open')[];
  readonly pool?: string;
  readonly kind?: Kind;
  readonly label?: readonly Pair[];
  readonly search?: string;
  readonly limit?: number;
  readonly all?: true;
  readonly output: OutputFormat;
  /** Only with `kubectl genwarden`. */
  readonly allNamespaces?: true;
}

export function addList(program: Command, io: Io): void {
  clientCommand(program, 'list', 'List jobs, newest first')
    .addOption(new Option('--state <state...>', 'only jobs in these states').choices(['open', ...taskStates]))
    .option('--pool <pool>', 'only jobs of this pool')
    .addOption(new Option('--kind <kind>', 'only jobs of this kind').choices(['image', 'text']))
    .option('--label <key=value>', 'only jobs with this label; can be repeated', pairs)
    .option('--search <text>', "only jobs whose id starts with it, or whose labels, pool or prompt's start have it")
    .option('--limit <number>', 'maximum number of jobs (default 50)', wholeNumber(1))
    .option('--all', 'all jobs, not only the first 50')
    .addOption(namedOutputOption())
    .action(
      withClient(io, async (client, options: ListOptions) => {
        const list = await listJobs(client, options);
        printAs(io, options.output, list, (table) =>
          jobTable(io, list.items, { ...table, tenants: options.allNamespaces === true, prompts: true }),
        );
        if (!isForPeople(options.output)) return;
        reportMissing(io, list);
        if (list.items.length === 0 && options.pool !== undefined) await reportUnknownPool(io, client, options.pool);
      }),
    );
}

const largestPage = 500;

/** One page from the API, or as many as needed to reach the limit. */
async function listJobs(client: GenwardenClient, options: ListOptions): Promise<JobPage> {
  const { all, limit = all === true ? Number.POSITIVE_INFINITY : 50 } = options;
  let list: JobPage | undefined;
  do {
    const pageSize = Math.min(limit - (list?.items.length ?? 0), largestPage);
    const page = await client.listPage({ ...filterOf(options), pageSize }, { cursor: list?.next ?? undefined });
    list = { ...page, items: [...(list?.items ?? []), ...page.items] };
  } while (list.next !== null && list.items.length < limit);
  return list;
}

function filterOf({ state, pool, kind, label = [], search }: ListOptions): ListFilter {
  return {
    labels: Object.fromEntries(label),
    ...(state === undefined ? {} : { state }),
    ...(pool === undefined ? {} : { pool }),
    ...(kind === undefined ? {} : { kind }),
    ...(search === undefined ? {} : { search }),
  };
}

function reportMissing({ stderr }: Io, { next, complete, since }: JobPage): void {
  if (next !== null) writeLine(stderr, 'There are more jobs: use --limit or --all.');
  else if (!complete) writeLine(stderr, `Finished jobs submitted before ${since ?? 'the API started'} may be missing.`);
}

/** Jobs of a deleted pool are still listed, so an unknown pool is no error; but an empty list may be due to a typing error. */
async function reportUnknownPool({ stderr }: Io, client: GenwardenClient, pool: string): Promise<void> {
  // Who may not read the pools gets no hint.
  const known = await client.pools().catch(() => undefined);
  if (known === undefined || known.some(({ name }) => name === pool)) return;
  const names = known.map(({ name }) => name).join(', ');
  writeLine(stderr, `There is no pool ${pool}; ${names === '' ? 'no pool is available' : `available: ${names}`}.`);
}
