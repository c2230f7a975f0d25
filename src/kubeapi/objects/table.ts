// Jobs as rows of a table, which is what kubectl asks for. The columns are those of GenerationJobs.

import { apiVersion, kind } from '../resource.ts';
import type { JobMeta, KubeJob } from './jobObject.ts';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date';
  readonly format: '' | 'name';
  readonly description: string;
  /** 1: only with `-o wide`. */
  readonly priority: 0 | 1;
  readonly cell: (job: KubeJob, now: number) => string;
}

const column = (
  name: string,
  description: string,
  cell: Column['cell'],
  over: Partial<Pick<Column, 'format' | 'priority'>> = {},
): Column => ({ name, type: 'string', format: '', description, priority: 0, cell, ...over });

const wide = { priority: 1 } as const;

const columns: readonly Column[] = [
  column('Name', "The job's id", ({ metadata }) => metadata.name, { format: 'name' }),
  column('State', 'What the job is doing, or how it ended', ({ status }) => status.state),
  column('Done', 'Succeeded tasks of all', ({ status }) => status.tasks.done),
  column('Pool', 'The pool that runs it', ({ spec }) => spec.pool),
  column('Age', 'Since its submit', ({ metadata }, now) => ageOf(metadata.creationTimestamp, now)),
  column('Reason', 'Why it is so', ({ status }) => status.reason, wide),
  column('Kind', 'What the job makes', ({ spec }) => spec.kind, wide),
  column('Model', 'The model that makes it', ({ spec }) => spec.model, wide),
  column('Priority', 'How urgent it is', ({ spec }) => spec.priority, wide),
];

const columnDefinitions = columns.map(({ cell: _, ...definition }) => definition);

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly includeObject: IncludeObject;
  /** ms since 1970. */
  readonly now: number;
}

/** A table up to its rows. `columns: false`: a watch sends the definitions only once. */
export const tableHead = (meta: object, withColumns = true): object => ({
  kind: 'Table',
  apiVersion: 'meta.k8s.io/v1',
  metadata: meta,
  columnDefinitions: withColumns ? columnDefinitions : [],
});

export function tableRow(job: KubeJob, { includeObject, now }: TableOptions): object {
  const cells = columns.map(({ cell }) => cell(job, now));
  if (includeObject === 'None') return { cells };
  return { cells, object: includeObject === 'Object' ? job : partialObject(job.metadata) };
}

export const partialObject = (metadata: JobMeta): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

/** Of a bookmark, which names the kind of what is watched. */
export const emptyObject = (resourceVersion: string, annotations?: Readonly<Record<string, string>>): object => ({
  kind,
  apiVersion,
  metadata: { resourceVersion, creationTimestamp: null, ...(annotations === undefined ? {} : { annotations }) },
});

const [minute, hour, day, year] = [60, 3_600, 86_400, 31_536_000];

/** As kubectl writes ages: `42s`, `3m5s`, `12m`, `3h4m`, `26h`, `3d4h`, `12d`, `2y30d`. */
function ageOf(time: string, now: number): string {
  const age = Math.max(0, Math.floor((now - Date.parse(time)) / 1_000));
  const two = (large: number, first: string, small: number, second: string): string => {
    const rest = Math.floor((age % large) / small);
    return `${Math.floor(age / large)}${first}${rest === 0 ? '' : `${rest}${second}`}`;
  };
  if (age < 2 * minute) return `${age}s`;
  if (age < 10 * minute) return two(minute, 'm', 1, 's');
  if (age < 3 * hour) return `${Math.floor(age / minute)}m`;
  if (age < 8 * hour) return two(hour, 'h', minute, 'm');
  if (age < 2 * day) return `${Math.floor(age / hour)}h`;
  if (age < 8 * day) return two(day, 'd', hour, 'h');
  if (age < 2 * year) return `${Math.floor(age / day)}d`;
  return age < 8 * year ? two(year, 'y', day, 'd') : `${Math.floor(age / year)}y`;
}
