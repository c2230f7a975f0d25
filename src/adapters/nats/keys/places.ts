// The places of running tasks under the limits of their tenants and groups. Pure: each change takes a record and the server's time
// and returns the next record. A tenant's places are all in one record, so one conditional write checks both limits.

import { count } from '../../../job/explain/format.ts';
import { plainBlock, type Block } from '../../../job/block.ts';
import { flowKey, type Flow } from '../../../job/parts.ts';
import { limitReached, roomFor, type RunningLimits } from '../../../job/shares.ts';
import type { Instant } from '../../../job/task.ts';
import type { PlaceRequest } from '../../../ports/keyRing.ts';

/** A worker's claim to a place. It lapses at `until` unless the worker renews it, so that a killed worker's places become free. */
interface Holder {
  readonly id: string;
  readonly until: Instant;
}

/**
 * The place of one task. It has several holders while two workers have the same task in hand, for example the one that was lost and
 * the one that has it now: the task then still takes one place.
 */
interface TaskPlace extends Flow {
  readonly task: string;
  readonly holders: readonly Holder[];
}

export interface PlacesRecord {
  readonly places: readonly TaskPlace[];
}

export interface PlaceClaim extends PlaceRequest {
  /** Of the holder. */
  readonly id: string;
}

/** How long a holder lasts without a renewal, ms: three times a hold of a key, so that a short outage of NATS frees no place. */
export const placeFor = 90_000;

export const noPlaces: PlacesRecord = { places: [] };

/** The same record if the limits allow no further task. A task that has a place already keeps it. */
export function takePlace(
  record: PlacesRecord,
  request: PlaceClaim,
  limits: RunningLimits,
  now: Instant,
): PlacesRecord {
  const live = livePlaces(record, now);
  const known = live.find(({ task }) => task === request.task);
  if (known === undefined && roomIn(record, request.flow, limits, now) < 1) return record;
  return { places: withHolder(live, request, { id: request.id, until: now + placeFor }) };
}

export const holdsPlace = (record: PlacesRecord, { task, id }: PlaceClaim, now: Instant): boolean =>
  livePlaces(record, now).some((place) => place.task === task && place.holders.some((holder) => holder.id === id));

/** Its holder has claimed the task, so every earlier attempt is over. */
export function keepOnly(record: PlacesRecord, { task, id }: PlaceClaim): PlacesRecord {
  const place = record.places.find((one) => one.task === task);
  if (place === undefined || place.holders.every((holder) => holder.id === id)) return record;
  const holders = place.holders.filter((holder) => holder.id === id);
  return { places: record.places.map((one) => (one === place ? { ...one, holders } : one)) };
}

export function leavePlace(record: PlacesRecord, { task, id }: PlaceClaim): PlacesRecord {
  const place = record.places.find((one) => one.task === task);
  const holders = place?.holders.filter((holder) => holder.id !== id);
  if (place === undefined || holders!.length === place.holders.length) return record;
  const others = record.places.filter((one) => one !== place);
  return { places: holders!.length === 0 ? others : [...others, { ...place, holders: holders! }] };
}

/** Renews the places of a process; one that lapsed while the process was cut off counts again. */
export function renewPlaces(record: PlacesRecord, own: readonly PlaceClaim[], now: Instant): PlacesRecord {
  return own.reduce<PlacesRecord>(
    ({ places }, request) => ({ places: withHolder(places, request, { id: request.id, until: now + placeFor }) }),
    { places: livePlaces(record, now) },
  );
}

/** How many more tasks of the flow may run. */
export function roomIn(record: PlacesRecord, flow: Flow, limits: RunningLimits, now: Instant): number {
  return roomFor(limits, flow, runningOf(record, flow, now));
}

export function limitBlock(
  record: PlacesRecord,
  flow: Flow,
  { limits, pool }: { readonly limits: RunningLimits; readonly pool: string },
  now: Instant,
): Block | undefined {
  const reached = limitReached(limits, flow, runningOf(record, flow, now));
  if (reached === undefined) return undefined;
  const { who, running, limit } = reached;
  const message = `${who} runs ${count(running, 'task')} in pool ${pool}, and its limit is ${limit}`;
  return { ...plainBlock('TenantLimit', null), message };
}

function runningOf(record: PlacesRecord, flow: Flow, now: Instant): { tenant: number; group: number } {
  const ofTenant = livePlaces(record, now).filter(({ tenant }) => tenant === flow.tenant);
  const key = flowKey(flow);
  return { tenant: ofTenant.length, group: ofTenant.filter((place) => flowKey(place) === key).length };
}

const livePlaces = ({ places }: PlacesRecord, now: Instant): readonly TaskPlace[] =>
  places.flatMap((place) => {
    const holders = place.holders.filter(({ until }) => until > now);
    if (holders.length === 0) return [];
    return [holders.length === place.holders.length ? place : { ...place, holders }];
  });

function withHolder(places: readonly TaskPlace[], { task, flow, id }: PlaceClaim, holder: Holder): TaskPlace[] {
  const known = places.find((place) => place.task === task);
  const others = (known?.holders ?? []).filter((one) => one.id !== id);
  const { tenant, group } = flow;
  const next: TaskPlace = { task, tenant, group, holders: [...others, holder] };
  return [...places.filter((place) => place !== known), next];
}
