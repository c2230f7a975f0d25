// The records of the bucket as JSON. Earlier versions read the key records too, so their fields stay; every reader ignores fields
// that it does not know.

import { z } from 'zod';
import { withoutUndefined } from '../../../job/withoutUndefined.ts';
import type { TaskErrorCode } from '../../../job/errors/index.ts';
import type { Instant } from '../../../job/task.ts';
import type { HealthRecord } from './health.ts';
import type { KeyRecord, Refusal } from './record.ts';
import type { PlacesRecord } from './places.ts';
import type { PoolSpending, TenantsRecord } from './spending.ts';

export interface Codec<T> {
  /** Undefined for a value that cannot be read; the next write then starts with an empty record. */
  decode(value: unknown, now: Instant): T | undefined;
  encode(record: T): object;
}

/** The longest time into the future that any record names, ms. Earlier versions stored whatever the provider asked for. */
const horizon = 3_600_000;

const count = z.int().min(0);
const text = z.string();
const code = z.string().transform((value) => value as TaskErrorCode);
const answer = z.object({ status: z.number().optional(), code: text.optional() }).nullable();
const amount = z.number().min(0);

const momentsUpTo = (now: Instant) =>
  z
    .number()
    .min(0)
    .transform((at) => Math.min(at, now + horizon));

/** Fields that are set to undefined by the parser are dropped, as `exactOptionalPropertyTypes` demands. */
const answerOf = answer.transform((value) =>
  value === null
    ? null
    : {
        ...(value.status === undefined ? {} : { status: value.status }),
        ...(value.code === undefined ? {} : { code: value.code }),
      },
);

function keySchema(now: Instant) {
  const moment = momentsUpTo(now);
  const setback = { since: moment, until: moment, strikes: count, cause: text, provider: answerOf, message: text };
  const hold = z.object({
    id: text,
    until: moment,
    second: z.int(),
    sent: z.boolean().default(true),
    requests: count.default(1),
  });
  const model = z.object({ model: text, state: z.enum(['cooling', 'exhausted', 'noQuota', 'refused']), ...setback });
  return z.object({
    requestsPerMinute: count,
    maxInFlight: count,
    grants: z.array(z.tuple([z.int(), count])),
    holds: z.array(hold),
    coolUntil: moment,
    refusedUntil: moment,
    refusal: z
      .object({ ...setback, trial: text.nullable() })
      .nullable()
      .optional(),
    models: z.array(model).default([]),
    seenAt: moment,
  });
}

export const keyCodec: Codec<KeyRecord> = {
  decode: (value, now) => {
    const { success, data } = keySchema(now).safeParse(value);
    if (!success) return undefined;
    const { refusedUntil, refusal, ...record } = data;
    // An earlier version wrote the record last if it refuses the key without a refusal.
    return { ...record, refusal: refusal ?? (refusedUntil > now ? plainRefusal(refusedUntil, now) : null) };
  },
  encode: (record) => ({
    ...record,
    strikes: 0,
    refusedUntil: record.refusal?.until ?? 0,
    cause: record.refusal?.cause ?? null,
  }),
};

const plainRefusal = (until: Instant, now: Instant): Refusal => ({
  since: now,
  until,
  strikes: 1,
  cause: 'KeyRefused',
  provider: null,
  message: '',
  trial: null,
});

function healthSchema(now: Instant) {
  const moment = momentsUpTo(now);
  const failures = z.array(z.object({ task: text, at: moment }));
  const open = z.object({
    since: moment,
    failures: count,
    probes: count,
    nextProbeAt: moment,
    probe: z.object({ id: text, task: text, until: moment }).nullable(),
    lastTask: text,
    code,
    provider: answerOf,
    message: text,
  });
  return z.object({ model: text, open: open.nullable(), failures, streak: failures });
}

export const healthCodec: Codec<HealthRecord> = {
  decode: (value, now) => healthSchema(now).safeParse(value).data,
  encode: (record) => record,
};

const totals = { date: z.iso.date(), today: amount, month: amount };
const budget = z.object({ day: amount.optional(), month: amount.optional() }).transform(withoutUndefined).optional();
const budgets = z.object({ pool: budget, tenant: budget }).transform(withoutUndefined);
const poolSpending = z.object({ budgets, ...totals });
const tenantSpending = z.object({ tenants: z.array(z.object({ tenant: text, ...totals })) });

export const spendingCodec: Codec<PoolSpending> = {
  decode: (value) => poolSpending.safeParse(value).data,
  encode: (record) => record,
};

export const tenantsCodec: Codec<TenantsRecord> = {
  decode: (value) => tenantSpending.safeParse(value).data,
  encode: (record) => record,
};

const holder = z.object({ id: text, until: amount });
const taskPlace = z.object({ task: text, tenant: text, group: text.nullable(), holders: z.array(holder) });
const places = z.object({ places: z.array(taskPlace) });

export const placesCodec: Codec<PlacesRecord> = {
  decode: (value) => places.safeParse(value).data,
  encode: (record) => record,
};
