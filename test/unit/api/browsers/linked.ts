// An API with tokens and a finished job with a picture, and signed links to it.

import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { ApiOptions } from '../../../../src/api/app.ts';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { succeeded } from '../../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';

const created = createToken(
  { name: 'app', tenant: 'acme', scopes: ['jobs:read', 'jobs:write'], createdAt: start },
  (bytes) => randomBytes(bytes),
);
export const { entry } = created;
export const bearing = { authorization: `Bearer ${created.token}` };
export const picture = Buffer.from('not really a picture');
export const hour = 3_600_000;

export interface Linked extends ApiWorld {
  readonly job: string;
  /** Paths and queries, as `inject` takes them. */
  readonly links: { readonly job: string; readonly events: string; readonly artifact: string };
}

export const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '');

/** An API with tokens and a finished job that has a picture, with its links. */
export async function linked(over: Partial<ApiOptions> = {}): Promise<Linked> {
  const world = await apiWorld({ auth: tokenStore([entry]), ...over });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const { json } = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, bearing);
  const job = json.id as string;
  await addPicture(world, job);
  const links = (await world.post(`/v1/jobs/${job}/links`, {}, bearing)).json;
  const [artifact] = links.artifacts;
  return {
    ...world,
    job,
    links: { job: pathOf(links.job), events: pathOf(links.events), artifact: pathOf(artifact.href) },
  };
}

export async function addPicture({ artifacts, claim, finish, log }: ApiWorld, job: string): Promise<void> {
  await claim(job);
  const { tenant } = (await log.read(job))!.tasks[0]!.last.state.of;
  const { digest } = await artifacts.put(tenant, picture, 'image/png');
  const image = { name: 'image', mediaType: 'image/png', bytes: picture.length, digest };
  await finish(job, 0, (running, now) => succeeded(running, now), { artifacts: [image] });
}
