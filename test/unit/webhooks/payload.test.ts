// The signature, verified by the library that receivers use, and what is in the payload.
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { finishedEventId, jobOfEventId, taskEventId } from '../../../src/job/webhooks/events.ts';
import { signedHeaders } from '../../../src/webhooks/payload.ts';
import { newSecret, parseSecrets } from '../../../src/webhooks/secrets.ts';
import { runningTask } from '../../fakes/tasks.ts';

const secrets = [newSecret(randomBytes(24)), newSecret(randomBytes(64))];
const body = JSON.stringify({ type: 'job.finished', data: { text: 'Grün "quoted" \u2028' } });
const job = 'a'.repeat(26);

describe('the signature', () => {
  test('verifies with each secret of the tenant, and with no other', () => {
    const headers = signedHeaders(`${job}-finished-1`, body, secrets, Date.now());
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const other = new Webhook(newSecret(randomBytes(32)));
    expect(() => other.verify(body, headers)).toThrow('No matching signature');
    expect(headers['webhook-id']).toBe(`${job}-finished-1`);
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  });

  test('covers the id, the time and every byte of the body', () => {
    const webhook = new Webhook(secrets[0]!);
    const headers = signedHeaders('id-1', body, secrets, Date.now());
    expect(() => webhook.verify(`${body} `, headers)).toThrow('No matching signature');
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'id-2' })).toThrow('No matching signature');
    const later = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) };
    expect(() => webhook.verify(body, later)).toThrow('No matching signature');
    const old = signedHeaders('id-1', body, secrets, Date.now() - 3_600_000);
    expect(() => webhook.verify(body, old)).toThrow('too old');
  });
});

describe('ids of events', () => {
  test('follow from the transition, and name their job', () => {
    const task = runningTask();
    expect(taskEventId(job, 3, 2, 'task.succeeded')).toBe(`${job}-3-2-succeeded`);
    expect(taskEventId(job, 3, 2, 'task.needs_review')).toBe(`${job}-3-2-needs-review`);
    expect(finishedEventId(job, [task, { ...task, run: 3 }])).toBe(`${job}-finished-4`);
    for (const id of [`${job}-3-2-succeeded`, `${job}-499-12-needs-review`, `${job}-finished-4`])
      expect(jobOfEventId(id)).toBe(job);
  });

  test('texts that are none are refused: an id becomes part of a subject', () => {
    for (const id of [
      '',
      job,
      `${job}-finished-`,
      `${job}-finished-1.*`,
      `${job}-finished-*`,
      `*-finished-1`,
      `${job}-x`,
    ])
      expect(jobOfEventId(id)).toBeUndefined();
  });
});

describe('the secrets file', () => {
  const entry = { tenant: 'default', secret: secrets[0]!, createdAt: '2026-01-01T00:00:00.000Z' };
  const parse = (secretsOf: object[]) => parseSecrets(JSON.stringify({ secrets: secretsOf }), 'secrets.json');

  test('has any number of tenants with up to five secrets each', () => {
    expect(parse([entry, { ...entry, tenant: 'team.a' }])).toHaveLength(2);
    expect(() => parse(Array.from({ length: 6 }, () => entry))).toThrow('tenant default has 6 secrets: it can have 5');
  });

  test('is refused with every problem in one message, and without a secret in it', () => {
    const bad = [
      { ...entry, secret: 'whsec_c2hvcnQ=' },
      { ...entry, secret: 'topsecret' },
      { ...entry, tenant: 'a b' },
      { ...entry, createdAt: 'yesterday', more: 1 },
    ];
    let message = '';
    try {
      parse(bad);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('GENWARDEN_WEBHOOK_SECRETS_FILE=secrets.json');
    for (const part of [
      'secrets.0.secret: has 5 bytes',
      'secrets.1.secret: must be whsec_',
      'secrets.2.tenant',
      'secrets.3',
    ])
      expect(message).toContain(part);
    for (const secret of ['c2hvcnQ', 'topsecret', secrets[0]!]) expect(message).not.toContain(secret);
    expect(() => parseSecrets('{', 'secrets.json')).toThrow('is not JSON');
  });
});
