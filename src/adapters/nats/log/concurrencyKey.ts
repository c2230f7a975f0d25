// Records which job holds a concurrency key: one message per key, overwritten by the next holder once the last holder has
// finished.

import { createHash } from 'node:crypto';
import { headers as newHeaders } from '@nats-io/transport-node';
import type { JobId } from '../../../job/ids.ts';
import { isOpen, type Sequence, type SpecWrite } from '../../../job/task.ts';
import { expect, type Publishable } from '../jetstream/publish.ts';
import { headerNames, schemaVersion } from '../stream/codec.ts';
import { keySubject } from '../stream/subjects.ts';
import { leaderMessage, type LogContext } from './entries.ts';
import { readJob } from './read.ts';

interface KeyHolder {
  readonly job: JobId;
  readonly pool: string;
}

type KeyState =
  | { readonly state: 'free'; readonly expected: Sequence }
  | { readonly state: 'held'; readonly holder: JobId };

/** Whether the spec's job may take its concurrency key, and the sequence that the write must then expect. */
export async function checkKey(context: LogContext, spec: SpecWrite): Promise<KeyState> {
  const message = await leaderMessage(context, { last_by_subj: subjectOfKey(context.link.prefix, spec) });
  if (message === undefined) return { state: 'free', expected: 0 };
  const holder = parseHolder(message.data);
  const held = holder !== undefined && holder.job !== spec.state.of.job && (await isJobOpen(context, holder));
  return held ? { state: 'held', holder: holder.job } : { state: 'free', expected: message.sequence };
}

export function keyMessage(prefix: string, spec: SpecWrite, writeId: string, expected: Sequence): Publishable {
  const { job, pool } = spec.state.of;
  const headers = newHeaders();
  headers.append(headerNames.schema, schemaVersion);
  headers.append(headerNames.writeId, writeId);
  expect(headers, { sequence: expected });
  return { subject: subjectOfKey(prefix, spec), headers, body: JSON.stringify({ job, pool } satisfies KeyHolder) };
}

function subjectOfKey(prefix: string, { state, detail }: SpecWrite): string {
  const hash = createHash('sha256').update(`${state.of.tenant}\0${detail.request.concurrencyKey}`).digest('hex');
  return keySubject(prefix, hash.slice(0, 40));
}

async function isJobOpen(context: LogContext, { job, pool }: KeyHolder): Promise<boolean> {
  const record = await readJob(context, job, pool);
  return record !== undefined && record.tasks.some(({ last }) => isOpen(last.state));
}

/** A message that cannot be read counts as no holder. */
function parseHolder(data: Uint8Array): KeyHolder | undefined {
  try {
    const { job, pool } = JSON.parse(new TextDecoder().decode(data)) as Partial<KeyHolder>;
    return typeof job === 'string' && typeof pool === 'string' ? { job, pool } : undefined;
  } catch {
    return undefined;
  }
}
