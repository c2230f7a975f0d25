// Jobs in every state, each with the reason that a person would look for.

import type { Site } from '../../../support/site/site.ts';
import { until } from '../../../support/until.ts';
import { photo } from '../../../support/pictures.ts';
import { models } from './pools.ts';

const patience = { timeoutMs: 60_000 };

/** Two pictures, of one prompt with a photograph as reference. */
export async function succeededJob({ client }: Site): Promise<string> {
  const { artifact } = await client.uploadReference(photo, 'image/jpeg');
  const { id } = await client.submit({
    kind: 'image',
    input: {
      prompt: 'The front yard with native plants and a path of natural stone, late afternoon light',
      references: [{ artifact, caption: 'the yard today' }],
    },
    tasks: [
      { name: 'front-yard', metadata: { areaId: 'a1' } },
      { name: 'walkway', input: { prompt: 'The walkway from the street to the door, lavender on both sides' } },
    ],
    labels: { project: 'garden', customer: 'miller' },
    metadata: { brandId: 'b1' },
  });
  await client.wait(id);
  return id;
}

/** Its second picture was refused by the provider, and its third was not asked for in time. */
export async function failedJob({ client }: Site): Promise<string> {
  const { id } = await client.submit({
    kind: 'image',
    input: { prompt: 'A poster for the garden fair, bold letters' },
    tasks: [
      { name: 'poster' },
      { name: 'poster-night', model: models.refusing },
      { name: 'poster-rain', model: models.hanging },
    ],
    labels: { project: 'fair' },
    policy: { maxAttempts: 1, attemptTimeout: '8s' },
  });
  await client.wait(id);
  return id;
}

export async function cancelledJob({ client }: Site): Promise<string> {
  const { id } = await client.submit({
    kind: 'image',
    pool: 'partner',
    input: { prompt: 'A roof terrace with grasses in large pots' },
    tasks: [{ name: 'morning' }, { name: 'evening' }],
  });
  await client.cancel(id);
  return id;
}

/** Its first attempt failed, and the next one is in half an hour. */
export async function backingOffJob({ client }: Site): Promise<string> {
  const { id } = await client.submit({
    kind: 'image',
    model: models.breaking,
    input: { prompt: 'A pond with reeds and one dragonfly' },
    policy: { runTimeout: '2h', attemptTimeout: '5m', backoff: { initial: '30m', max: '30m' } },
  });
  await until(async () => (await client.get(id)).state === 'waiting', { what: 'the backoff', ...patience });
  return id;
}

/** Its storyboard is being written, and its pictures wait for it. */
export async function chainedJob({ client }: Site): Promise<string> {
  const page = (at: number) => ({
    name: `page-${String(at)}`,
    kind: 'image' as const,
    model: models.quick,
    after: ['storyboard'],
    input: { prompt: `Page ${String(at)} of: {{tasks.storyboard.output}}` },
  });
  const { id } = await client.submit({
    kind: 'text',
    model: models.slowlyWriting,
    input: { prompt: 'Write the storyboard of a picture book about a snail that carries a bell' },
    tasks: [{ name: 'storyboard' }, page(1), page(2), page(3)],
    policy: { attemptTimeout: '30m', runTimeout: '1h' },
    labels: { project: 'snail' },
  });
  await until(async () => (await client.get(id)).state === 'running', { what: 'the storyboard', ...patience });
  return id;
}

export async function textJob({ client }: Site): Promise<string> {
  const { id } = await client.submit({
    kind: 'text',
    model: models.writing,
    input: {
      prompt: 'List the plants of a shady front yard with their heights',
      system: 'You are a gardener. Answer briefly.',
      schema: {
        type: 'object',
        required: ['title', 'plants'],
        properties: {
          title: { type: 'string' },
          plants: {
            type: 'array',
            minItems: 3,
            maxItems: 5,
            items: {
              type: 'object',
              required: ['name', 'heightCm'],
              properties: { name: { type: 'string' }, heightCm: { type: 'integer', minimum: 10, maximum: 200 } },
            },
          },
        },
      },
    },
    labels: { project: 'garden' },
  });
  await client.wait(id);
  return id;
}

/** Jobs in a pool without workers. */
export async function queuedJobs({ client }: Site, count = 3): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 1; at <= count; at += 1) {
    const input = { prompt: `A balcony with herbs, variation ${String(at)}` };
    const priority = at === 1 ? 'high' : 'normal';
    ids.push((await client.submit({ kind: 'image', pool: 'partner', priority, input })).id);
  }
  return ids;
}
