// The form in which a client wants jobs: whole objects, their metadata, or tables for people.

import type { KubeJob } from './objects/jobObject.ts';
import { emptyObject, partialObject, tableHead, tableRow, type IncludeObject } from './objects/table.ts';
import { apiVersion, listKind } from './resource.ts';
import { StatusError } from './status.ts';

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface Representation {
  /** Of a single job. */
  readonly one: (job: KubeJob) => object;
  /** A list is what `head` gives with its items added in the field `itemsIn`. */
  readonly head: (meta: ListMeta) => object;
  readonly itemsIn: 'items' | 'rows';
  readonly item: (job: KubeJob) => object;
  /** The object of an event of a watch. */
  readonly event: (job: KubeJob, isFirst: boolean) => object;
  readonly bookmark: (version: string, annotations?: Readonly<Record<string, string>>) => object;
}

const ofMeta = { group: 'meta.k8s.io', version: 'v1' } as const;

/** Throws `NotAcceptable`, and `BadRequest`. `now`: ms since 1970. */
export function representationFor(accept: string, query: URLSearchParams, now: () => number): Representation {
  for (const { type, as, g, v } of mediaTypes(accept)) {
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue;
    if (as === undefined) return plain;
    if (g !== ofMeta.group || v !== ofMeta.version) continue;
    if (as === 'Table') return table(includeObjectIn(query), now);
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return metadataOnly;
  }
  const message = 'only application/json is served, also as Table, PartialObjectMetadata or PartialObjectMetadataList';
  throw new StatusError('NotAcceptable', message);
}

interface MediaType {
  readonly type: string;
  readonly as?: string | undefined;
  readonly g?: string | undefined;
  readonly v?: string | undefined;
}

function mediaTypes(accept: string): readonly MediaType[] {
  return (accept === '' ? '*/*' : accept).split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const named = parameters.map((parameter): [string, string] => [
      parameter.split('=')[0]!,
      parameter.split('=')[1] ?? '',
    ]);
    return { type, ...(Object.fromEntries(named) as Omit<MediaType, 'type'>) };
  });
}

const plain: Representation = {
  one: (job) => job,
  head: (metadata) => ({ kind: listKind, apiVersion, metadata }),
  itemsIn: 'items',
  item: (job) => job,
  event: (job) => job,
  bookmark: emptyObject,
};

const metadataOnly: Representation = {
  one: ({ metadata }) => partialObject(metadata),
  head: (metadata) => ({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata }),
  itemsIn: 'items',
  item: ({ metadata }) => partialObject(metadata),
  event: ({ metadata }) => partialObject(metadata),
  bookmark: (resourceVersion, annotations) => ({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion, creationTimestamp: null, ...(annotations === undefined ? {} : { annotations }) },
  }),
};

function table(includeObject: IncludeObject, now: () => number): Representation {
  const row = (job: KubeJob): object => tableRow(job, { includeObject, now: now() });
  const withRow = (job: KubeJob, withColumns: boolean): object => ({
    ...tableHead({ resourceVersion: job.metadata.resourceVersion }, withColumns),
    rows: [row(job)],
  });
  return {
    one: (job) => withRow(job, true),
    head: (meta) => tableHead(meta),
    itemsIn: 'rows',
    item: row,
    event: withRow,
    // Its version is that of the row's object: the table itself is not an event.
    bookmark: (version, annotations) => ({
      ...tableHead({ resourceVersion: version }, false),
      rows: [{ cells: [], object: metadataOnly.bookmark(version, annotations) }],
    }),
  };
}

function includeObjectIn(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') ?? 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  throw new StatusError('BadRequest', `includeObject=${asked}: it is None, Metadata or Object`);
}
