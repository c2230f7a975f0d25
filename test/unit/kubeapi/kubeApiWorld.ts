// The aggregated API over the fakes of the HTTP API: what both serve is the same.

import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { RecentEntries } from '../../../src/jobs/events/recentEntries.ts';
import { monotonicFrom } from '../../../src/job/time.ts';
import { kubeApi, type Handle } from '../../../src/kubeapi/handler.ts';
import type { KubeUser, ResourceAccess } from '../../../src/ports/apiDelegation.ts';
import { pino } from 'pino';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';

export const root = '/apis/genwarden.dev/jobs-v1alpha1';
const admin: KubeUser = { name: 'admin', groups: ['system:masters'], extra: {} };
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface KubeAnswered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

export interface Asking {
  readonly method?: string;
  readonly accept?: string;
  readonly user?: KubeUser | undefined;
  readonly body?: string;
}

export interface KubeWorld extends AsyncDisposable {
  readonly world: ApiWorld;
  /** Every review that was asked for. */
  readonly reviewed: { user: string; access: ResourceAccess }[];
  ask(url: string, asking?: Asking): Promise<KubeAnswered>;
  /** The rows of a table as kubectl shows them. */
  rows(url: string): Promise<string[][]>;
  watch(url: string, asking?: Asking): Promise<WatchReader>;
  readonly handle: Handle;
  /** The API as after a restart of its process. */
  restart(): void;
}

export interface WatchReader {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any
  next(): Promise<{ type: string; object: any } | undefined>;
  stop(): void;
}

export async function kubeWorld(isAllowed: (access: ResourceAccess) => boolean = () => true): Promise<KubeWorld> {
  const world = await apiWorld();
  const reviewed: KubeWorld['reviewed'] = [];
  const closing = new AbortController();
  let recent: RecentEntries | undefined;
  let handle: Handle;
  const restart = (): void => {
    recent?.close();
    recent = new RecentEntries(world.follower);
    handle = kubeApi({
      ...world,
      recent,
      monotonic: () => monotonicFrom(performance.now()),
      reviews: {
        isAllowed: async (user, access) => {
          reviewed.push({ user: user.name, access });
          return isAllowed(access);
        },
      },
      logger: pino({ level: 'silent' }),
      onTaskEnded: () => undefined,
      closing: closing.signal,
      bookmarkEveryMs: 20,
    });
  };
  restart();
  const send = (url: string, asking: Asking, signal: AbortSignal) => {
    const { pathname, searchParams } = new URL(url.startsWith('/') ? url : `${root}/${url}`, 'https://jobs');
    return handle({
      method: asking.method ?? 'GET',
      path: pathname,
      query: searchParams,
      accept: asking.accept ?? 'application/json',
      user: 'user' in asking ? asking.user : admin,
      body: async () => asking.body ?? '',
      signal,
    });
  };
  const ask = async (url: string, asking: Asking = {}): Promise<KubeAnswered> => {
    const { status, headers, body } = await send(url, asking, closing.signal);
    const read = typeof body === 'string' ? body : await text(Readable.from(body));
    return { status, headers, json: headers['content-type']?.includes('json') === true ? JSON.parse(read) : read };
  };
  return {
    world,
    reviewed,
    handle: (request) => handle(request),
    ask,
    restart,
    rows: async (url) => {
      const { json } = await ask(url, { accept: asTable });
      return (json as { rows: { cells: string[] }[] }).rows.map(({ cells }) => cells);
    },
    watch: async (url, asking = {}) => {
      const stop = new AbortController();
      const { status, body } = await send(url, asking, stop.signal);
      const lines = linesOf(typeof body === 'string' ? Readable.from([body]) : body);
      return {
        status,
        next: async () => {
          const { value, done } = await lines.next();
          return done === true ? undefined : JSON.parse(value);
        },
        stop: () => stop.abort(),
      };
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      recent?.close();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Every piece of a body has whole lines. */
async function* linesOf(body: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const piece of body) yield* piece.trimEnd().split('\n');
}
