// Messages of the stream: those of every release stay readable, and today's are written as in the golden files.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import {
  decodeEntry,
  decodeState,
  encodeWrite,
  schemaVersion,
  schemaVersionOf,
} from '../../../src/adapters/nats/stream/codec.ts';
import { keyMessage } from '../../../src/adapters/nats/log/concurrencyKey.ts';
import { subjectOf } from '../../../src/adapters/nats/stream/subjects.ts';
import type { SpecWrite } from '../../../src/job/task.ts';
import { goldenWrites } from '../../support/goldenWrites.ts';

interface Golden {
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

const folder = join(import.meta.dirname, '../../golden/messages');
const writeId = 'WriteIdOf22Characters0';

const golden = (version: string, name: string): Golden =>
  JSON.parse(readFileSync(join(folder, version, `${name}.json`), 'utf8')) as Golden;

const stored = (message: Golden) => {
  const found = headers();
  for (const [name, value] of Object.entries(message.headers)) found.append(name, value);
  return { sequence: 42, at: 1_000, headers: found, data: new TextEncoder().encode(JSON.stringify(message.body)) };
};

const spec = goldenWrites['submitted'] as SpecWrite;
const submitted = stored(golden(schemaVersion, 'submitted'));

const changed = (header: string, value: string) => {
  const copy = stored(golden(schemaVersion, 'submitted'));
  copy.headers.set(header, value);
  return copy;
};

describe('messages of the stream', () => {
  it.each(Object.keys(goldenWrites))('%s is written as in the golden file', (name) => {
    const write = goldenWrites[name]!;
    const { headers: written, body } = encodeWrite(write, writeId);
    const message = {
      subject: subjectOf('genwarden', write.state),
      headers: Object.fromEntries(written.keys().map((key) => [key, written.get(key)])),
      body: JSON.parse(body) as unknown,
    };
    expect(message).toEqual(golden(schemaVersionOf(write.state.of), name));
  });

  it('the holder of a concurrency key is written as in the golden file', () => {
    const { subject, headers: written, body } = keyMessage('genwarden', spec, writeId, 17);
    const message = {
      subject,
      headers: Object.fromEntries(written.keys().map((key) => [key, written.get(key)])),
      body: JSON.parse(body) as unknown,
    };
    expect(message).toEqual(golden(schemaVersion, 'key'));
  });

  const released = readdirSync(folder).flatMap((version) =>
    readdirSync(join(folder, version))
      .filter((file) => file !== 'key.json')
      .map((file) => [version, file.replace('.json', '')] as const),
  );
  it.each(released)('a message of schema %s is read: %s', (version, name) => {
    const decoded = decodeEntry(stored(golden(version, name)));
    expect(decoded).toEqual({ kind: 'entry', entry: { sequence: 42, at: 1_000, writeId, ...goldenWrites[name] } });
  });

  it('keeps headers to printable ASCII for any task name', () => {
    const { headers: written } = encodeWrite(spec, writeId);
    expect(written.get('Genwarden-Task')).toMatch(/^[ -~]+$/);
    expect(written.get('Genwarden-Task')).not.toContain('null');
  });

  it('ignores unknown fields and minor versions', () => {
    const task = JSON.parse(submitted.headers.get('Genwarden-Task')) as object;
    const newer = changed('Genwarden-Task', JSON.stringify({ ...task, colour: 'blue' }));
    newer.headers.set('Genwarden-Schema', '1.7');
    expect(decodeState(newer).kind).toBe('entry');
  });

  it('does not interpret a higher major version', () => {
    const newer = changed('Genwarden-Schema', '3.0');
    newer.headers.set('Genwarden-Task', 'a new way to write it');
    expect(decodeEntry(newer)).toEqual({ kind: 'newer', schema: '3.0' });
  });

  it.each([
    ['no schema', changed('Genwarden-Schema', ''), 'Genwarden-Schema is ""'],
    ['no task', changed('Genwarden-Task', ''), 'no header Genwarden-Task'],
    ['a broken task', changed('Genwarden-Task', '{"of":'), 'not JSON'],
    ['a task of another form', changed('Genwarden-Task', '{"of":{},"budgets":{}}'), 'no valid "job"'],
    ['a null', changed('Genwarden-Task', 'null'), 'no valid "object"'],
    ['no headers', { ...submitted, headers: undefined }, 'Genwarden-Schema is ""'],
    ['a broken body', { ...submitted, data: new TextEncoder().encode('{') }, 'body is not JSON'],
    ['a body without message', { ...submitted, data: new TextEncoder().encode('{}') }, 'no "message"'],
    ['a spec without request', { ...submitted, data: new TextEncoder().encode('{"message":"x"}') }, 'no "request"'],
  ])('describes an invalid message: %s', (_name, message, why) => {
    const decoded = decodeEntry(message);
    expect(decoded.kind).toBe('garbage');
    expect((decoded as { why: string }).why).toContain(why);
    expect((decoded as { why: string }).why).toContain('sequence 42');
  });

  it.each(['submitted', 'running', 'waiting', 'needsReview'])('an open task without dueAt is invalid: %s', (name) => {
    const message = stored(golden(schemaVersion, name));
    const task = JSON.parse(message.headers.get('Genwarden-Task')) as object;
    message.headers.set('Genwarden-Task', JSON.stringify({ ...task, dueAt: undefined }));
    expect(decodeState(message)).toMatchObject({ kind: 'garbage', why: expect.stringContaining('"dueAt"') });
  });
});
