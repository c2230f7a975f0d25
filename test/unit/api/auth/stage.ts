// An API that accepts Kubernetes tokens, and a fake API server that reviews them.

import { monotonicFrom } from '../../../../src/job/time.ts';
import { openReviews } from '../../../../src/adapters/kubernetes/index.ts';
import { kubernetesTokens } from '../../../../src/api/auth/kubernetes/kubernetesTokens.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { FakeReviews, type FakeUser } from '../../../fakes/fakeReviews.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';

export const yard = { kind: 'image', input: { prompt: 'a yard' } };
const all = ['list', 'create', 'update', 'delete'];
export const edits = (namespace?: string) => ({
  verbs: all,
  resource: 'generationjobs',
  ...(namespace === undefined ? {} : { namespace }),
});
export const as = (token: string, namespace?: string) => ({
  authorization: `Bearer ${token}`,
  ...(namespace === undefined ? {} : { 'genwarden-namespace': namespace }),
});

export const users: Record<string, FakeUser> = {
  'ann-token': { username: 'ann', rules: [edits('team-a')] },
  'bob-token': { username: 'bob', rules: [edits('team-b')] },
  'eve-token': { username: 'eve', rules: [{ verbs: ['list'], resource: 'generationjobs', namespace: 'team-a' }] },
  'bot-token': { username: 'system:serviceaccount:team-a:bot', rules: [edits('team-a')] },
  'boss-token': { username: 'boss', rules: [edits(), { verbs: all, resource: 'workerpools', namespace: 'genwarden' }] },
  'ops-token': { username: 'ops', rules: [{ verbs: ['list'], resource: 'workerpools', namespace: 'genwarden' }] },
};

export interface Cluster extends AsyncDisposable {
  readonly server: FakeReviews;
  readonly world: ApiWorld;
  /** Advances the clock of the review cache, ms. */
  later(ms: number): void;
}

export async function cluster(over: Parameters<typeof apiWorld>[0] = {}): Promise<Cluster> {
  const server = await FakeReviews.start();
  for (const [token, user] of Object.entries(users)) server.users.set(token, user);
  let now = 0;
  const reviews = openReviews({ url: server.url, ca: undefined, version: '1.2.3' });
  const kubernetes = kubernetesTokens(reviews, 'genwarden', () => monotonicFrom(now));
  const world = await apiWorld({ auth: tokenStore([]), kubernetes, ...over });
  return {
    server,
    world,
    later: (ms) => void (now += ms),
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      reviews.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const code = ({ status, json }: { status: number; json: { code: string } }) =>
  `${status} ${json?.code ?? ''}`.trim();
