// Webhooks over HTTP: what a submit may ask for, what a job shows, and dead deliveries of the tenant.
import { describe, expect, test } from 'vitest';
import type { WebhookRules } from '../../../src/jobs/context.ts';
import { dead, newDelivery, type WebhookDelivery } from '../../../src/job/webhooks/delivery.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { freshJobId, start } from '../../fakes/tasks.ts';

const rules: WebhookRules = {
  hasSecret: (tenant) => tenant === 'default',
  isAllowed: (hostname) => hostname === 'hooks.internal',
};
const yard = { kind: 'image', input: { prompt: 'a yard' } };
const withUrl = (url: string, events?: unknown) => ({
  ...yard,
  webhook: { url, ...(events === undefined ? {} : { events }) },
});
const url = 'https://app.example/hook?token=abc&x';

describe('the webhook of a submit', () => {
  test('is stored with every task, and shown without the values of its query', async () => {
    await using world = await apiWorld({ webhooks: rules });
    const body = { ...withUrl(url, ['task.succeeded', 'job.finished']), tasks: [{}, {}] };
    const { status, json } = await world.post('/v1/jobs', body);
    expect(status).toBe(202);
    const shown = { url: 'https://app.example/hook?token=***&x=***', events: ['job.finished', 'task.succeeded'] };
    expect(json.webhook).toEqual(shown);
    expect((await world.get(`/v1/jobs/${json.id}`)).json.webhook).toEqual(shown);
    const { tasks } = (await world.log.read(json.id))!;
    expect(tasks.map(({ request, last }) => [request.webhook, last.state.of.webhook])).toEqual(
      tasks.map(() => [{ url }, ['job.finished', 'task.succeeded']]),
    );
    expect(JSON.stringify(tasks[0]!.last.state)).not.toContain('app.example');
    expect(JSON.stringify((await world.get('/v1/jobs')).json)).not.toContain('token');
  });

  test('has job.finished as default; a job without one shows null', async () => {
    await using world = await apiWorld({ webhooks: rules });
    expect((await world.post('/v1/jobs', withUrl(url))).json.webhook.events).toEqual(['job.finished']);
    expect((await world.post('/v1/jobs', yard)).json.webhook).toBeNull();
  });

  test.each([
    ['text that is no URL', 'app.example/hook'],
    ['another scheme', 'ftp://app.example/'],
    ['a password', 'https://me:secret@app.example/'],
    ['a user name', 'https://me@app.example/'],
    ['a fragment', 'https://app.example/#top'],
    ['spaces', 'https://app.example/a b'],
    ['an empty text', ''],
    ['2,049 characters', `https://app.example/${'a'.repeat(2_029)}`],
  ])('is refused with %s', async (_, text) => {
    await using world = await apiWorld({ webhooks: rules });
    const { status, json } = await world.post('/v1/jobs', withUrl(text));
    expect([status, json.code, json.errors[0].path]).toEqual([422, 'InvalidRequest', 'webhook.url']);
    expect(JSON.stringify(json)).not.toContain('secret');
  });

  test.each([
    ['unknown', ['job.started'], 'webhook.events[0]'],
    ['repeated', ['job.finished', 'job.finished'], 'webhook.events'],
    ['no', [], 'webhook.events'],
  ])('is refused with %s events', async (_, events, path) => {
    await using world = await apiWorld({ webhooks: rules });
    const { status, json } = await world.post('/v1/jobs', withUrl(url, events));
    expect([status, json.errors[0].path]).toEqual([422, path]);
  });

  test('may use plain http only to a host that the installation lists', async () => {
    await using world = await apiWorld({ webhooks: rules });
    expect((await world.post('/v1/jobs', withUrl('http://hooks.internal/x'))).status).toBe(202);
    const { status, json } = await world.post('/v1/jobs', withUrl('http://app.example/x'));
    expect([status, json.code]).toEqual([422, 'WebhookUrlRefused']);
    expect(json.hint).toContain('GENWARDEN_WEBHOOK_ALLOW');
  });

  test('needs a secret of the tenant', async () => {
    await using world = await apiWorld({ webhooks: rules });
    const { status, json } = await world.post('/v1/jobs', withUrl(url), { 'genwarden-namespace': 'team-a' });
    expect([status, json.code, json.detail]).toEqual([
      422,
      'WebhookSecretMissing',
      'Tenant team-a has no secret to sign webhooks with',
    ]);
    expect(json.hint).toContain('genwarden webhooks secret create');
  });
});

const gone = { reason: 'Gone', message: 'The receiver answered 410 Gone', status: 410, at: start } as const;

async function addDead(world: ApiWorld, tenant = 'default', over: Partial<WebhookDelivery> = {}): Promise<string> {
  const job = freshJobId();
  const event = { id: `${job}-finished-1`, tenant, job, pool: 'default', task: null, event: 'job.finished' } as const;
  const facts = { url, at: start, order: 1, expiresAt: start + 86_400_000, data: { job } };
  const delivery = { ...newDelivery({ ...event, ...facts }, start), attempts: 3, ...over };
  const sequence = await world.deliveries.write(delivery, 0);
  await world.deliveries.write(dead(delivery, gone), sequence!);
  return delivery.id;
}

describe('dead deliveries', () => {
  test('are listed by tenant and page, without the payload, until their job expires', async () => {
    await using world = await apiWorld();
    const ids = [await addDead(world), await addDead(world), await addDead(world)];
    await addDead(world, 'team-a');
    await addDead(world, 'default', { expiresAt: start });
    const { json, headers } = await world.get('/v1/webhooks/dead?limit=2');
    expect(headers['cache-control']).toBe('no-cache');
    expect(json.items[0]).toEqual({
      id: ids[0],
      tenant: 'default',
      job: ids[0]!.slice(0, 26),
      event: 'job.finished',
      url: 'https://app.example/hook?token=***&x=***',
      state: 'dead',
      at: new Date(start).toISOString(),
      attempts: 3,
      nextAttemptAt: null,
      lastError: { reason: 'Gone', message: gone.message, status: 410, at: new Date(start).toISOString() },
      expiresAt: new Date(start + 86_400_000).toISOString(),
    });
    const rest = await world.get(`/v1/webhooks/dead?cursor=${json.next}`);
    expect([...json.items, ...rest.json.items].map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(rest.json.next).toBeNull();
    const all = await world.api.inject({ url: '/v1/webhooks/dead', headers: { 'genwarden-namespace': '*' } });
    expect(all.json().items).toHaveLength(4);
    for (const bad of ['cursor=zzz', 'limit=0', 'limit=301', 'state=dead'])
      expect((await world.get(`/v1/webhooks/dead?${bad}`)).status).toBeGreaterThanOrEqual(400);
  });

  test('are sent again by their tenant alone, and only while they are dead', async () => {
    await using world = await apiWorld();
    const id = await addDead(world);
    const resend = (of: string, namespace = 'default') =>
      world.post(`/v1/webhooks/dead/${of}/resend`, {}, { 'genwarden-namespace': namespace });
    expect((await resend(id, 'team-a')).json.code).toBe('DeliveryNotFound');
    const { status, json } = await resend(id);
    expect([status, json.state, json.nextAttemptAt]).toEqual([202, 'pending', new Date(start).toISOString()]);
    expect(await resend(id)).toMatchObject({ status: 409, json: { code: 'DeliveryNotDead' } });
    for (const unknown of [`${freshJobId()}-finished-1`, 'x', '*'])
      expect(await resend(unknown)).toMatchObject({ status: 404, json: { code: 'DeliveryNotFound' } });
    expect((await world.get('/v1/webhooks/dead')).json.items).toEqual([]);
  });

  test('are counted by the explanation of their job, which works without them too', async () => {
    await using world = await apiWorld({ webhooks: rules });
    const { json } = await world.post('/v1/jobs', withUrl(url));
    const explained = async () => (await world.get(`/v1/jobs/${json.id}/explain`)).json.webhook;
    expect(await explained()).toEqual({ pending: 0, dead: 0, nextAttemptAt: null, lastError: null });
    await addDead(world, 'default', { id: `${json.id}-finished-1`, job: json.id });
    expect(await explained()).toMatchObject({ pending: 0, dead: 1, lastError: { reason: 'Gone' } });
    world.deliveries.ofJob = async () => {
      throw new Error('NATS is away');
    };
    expect(await explained()).toBeNull();
  });
});

test('the doctor tells what stands in the way of webhooks', async () => {
  const problem = { says: 'the links start with http://0.0.0.0:8080', advice: 'Set GENWARDEN_PUBLIC_URL.' };
  await using world = await apiWorld({ webhooks: { ...rules, problem: () => problem } });
  const { checks } = (await world.get('/v1/doctor')).json;
  expect(checks).toContainEqual({ seenBy: 'api', name: 'webhooks', ok: false, ...problem });
});
