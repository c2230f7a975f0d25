// Which jobs the list shows: the filter in the page's address, as the API takes it, and as events are checked against it.

import type { Kind, ListedJob, ListFilter, State } from '../../../../client/index.ts';

export type FilterState = State | 'open';

export interface Filter {
  /** Empty: all. */
  readonly states: readonly FilterState[];
  readonly pool: string | undefined;
  readonly kind: Kind | undefined;
  /** `key=value`; all must match. */
  readonly labels: readonly string[];
  readonly search: string | undefined;
}

export const filterStates: readonly FilterState[] = [
  'open',
  'queued',
  'running',
  'waiting',
  'needs_review',
  'succeeded',
  'failed',
  'cancelled',
];

const openStates: readonly string[] = ['queued', 'running', 'waiting', 'needs_review'];

/** What the address does not say correctly is left out. */
export function filterOf(query: URLSearchParams): Filter {
  const kind = query.get('kind');
  const states = query.getAll('state') as FilterState[];
  return {
    states: filterStates.filter((state) => states.includes(state)),
    pool: query.get('pool') || undefined,
    kind: kind === 'image' || kind === 'text' ? kind : undefined,
    labels: [...new Set(query.getAll('label').filter(isLabel))],
    search: query.get('search')?.trim().slice(0, longestSearch) || undefined,
  };
}

const longestSearch = 200;

/** `key=value`, with a key. */
export const isLabel = (text: string): boolean => text.indexOf('=') > 0;

export const isUnfiltered = ({ states, pool, kind, labels, search }: Filter): boolean =>
  states.length === 0 && pool === undefined && kind === undefined && labels.length === 0 && search === undefined;

/** Equal for equal filters. */
export const filterKey = (filter: Filter): string => JSON.stringify(filter);

/** As the client takes it. */
export function listFilter({ states, pool, kind, labels, search }: Filter): ListFilter {
  return {
    ...(states.length === 0 ? {} : { state: [...states] }),
    ...(pool === undefined ? {} : { pool }),
    ...(kind === undefined ? {} : { kind }),
    ...(search === undefined ? {} : { search }),
    labels: Object.fromEntries(labels.map(keyAndValue)),
  };
}

function keyAndValue(label: string): [key: string, value: string] {
  const at = label.indexOf('=');
  return [label.slice(0, at), label.slice(at + 1)];
}

/** Whether the API would list the job. */
export function matches(filter: Filter, job: ListedJob): boolean {
  const { states, pool, kind, labels, search } = filter;
  if (states.length > 0 && !states.some((state) => isIn(job.state, state))) return false;
  if ((pool !== undefined && job.pool !== pool) || (kind !== undefined && job.kind !== kind)) return false;
  if (!labels.map(keyAndValue).every(([key, value]) => job.labels[key] === value)) return false;
  return search === undefined || wordsOf(search).every((word) => hasWord(job, word));
}

const isIn = (state: string, wanted: FilterState): boolean =>
  wanted === 'open' ? openStates.includes(state) : state === wanted;

const wordsOf = (search: string): string[] => search.toLowerCase().split(/\s+/).filter(Boolean);

/** The start of the ID, or a part of a label, of the pool or of the prompt's start. */
function hasWord({ id, labels, pool, prompt }: ListedJob, word: string): boolean {
  if (id.toLowerCase().startsWith(word)) return true;
  const texts = [...Object.entries(labels).map(([key, value]) => `${key}=${value}`), pool, prompt ?? ''];
  return texts.some((text) => text.toLowerCase().includes(word));
}
