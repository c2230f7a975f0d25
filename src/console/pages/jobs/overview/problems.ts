// What is stuck, out or down, in words: the most severe first.

import type { Activity, Pool } from '../../../../client/index.ts';
import { clockTime, counted } from '../../../format.ts';

export interface TroubleFact {
  readonly severity: 'danger' | 'warning';
  readonly text: string;
  /** When it ends or is checked next, and what happens then. */
  readonly until: { readonly at: string; readonly what: string } | null;
  /** The page that shows it. */
  readonly path: string;
}

interface Observed {
  readonly activity: Activity | undefined;
  readonly pools: readonly Pool[];
  /** Since when the console has had no connection to the API, ms since 1970; undefined: it has one. */
  readonly disconnectedSince: number | undefined;
  /** ms since 1970. */
  readonly now: number;
}

/** An index that is younger is no trouble, ms. */
const behindWithin = 5_000;

export function troubleOf({ activity, pools, ...observed }: Observed): TroubleFact[] {
  const all = [...connection(activity, observed), ...overdue(activity), ...pools.flatMap(ofPool)];
  return all.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

const rank = { danger: 0, warning: 1 };

type Connection = Pick<Observed, 'disconnectedSince' | 'now'>;

/** With the moment instead of how long ago it was, so that screen readers hear it once. */
function connection(activity: Activity | undefined, { disconnectedSince = Infinity, now }: Connection): TroubleFact[] {
  const rest = 'This page shows what was known then';
  if (now - disconnectedSince > behindWithin) {
    const text = `The API has not answered since ${clockTime(disconnectedSince, now)}. ${rest}`;
    return [{ severity: 'danger', text, until: null, path: '/installation' }];
  }
  if (activity === undefined || activity.behindMs <= behindWithin) return [];
  const since = Date.parse(activity.at) - activity.behindMs;
  const text = `The API has been cut off from NATS since ${clockTime(since, now)}. ${rest}`;
  return [{ severity: 'danger', text, until: null, path: '/installation' }];
}

function overdue(activity: Activity | undefined): TroubleFact[] {
  const tasks = activity?.overdue ?? 0;
  if (tasks === 0) return [];
  const text = `${counted(tasks, 'task is', 'tasks are')} overdue: no controller has acted`;
  return [{ severity: 'danger', text, until: null, path: '/stuck' }];
}

const ofPool = (pool: Pool): TroubleFact[] => [
  ...workers(pool),
  ...outages(pool),
  ...keys(pool),
  ...exhausted(pool),
  ...paused(pool),
];

const open = ({ queued, waiting }: Pool): number => queued + waiting;

function workers(pool: Pool): TroubleFact[] {
  if (pool.workers > 0 || open(pool) === 0) return [];
  const text = `Pool ${pool.name} has no workers, and ${queueText(pool)}`;
  return [{ severity: 'danger', text, until: null, path: '/pools' }];
}

const queueText = (pool: Pool): string => `${counted(open(pool), 'task waits', 'tasks wait')}`;

const outages = ({ name, outages: all }: Pool): TroubleFact[] =>
  all.map(({ model, state, status, message, until }) => ({
    severity: 'danger',
    text: `Outage of ${model} in pool ${name}: ${status === null ? '' : `${status} `}${message}${state === 'probing' ? '; probing now' : ''}`,
    until: state === 'probing' ? null : { at: until, what: 'next probe' },
    path: '/pools',
  }));

function keys({ name, keys: all }: Pool): TroubleFact[] {
  const refused = all.filter(({ state }) => state === 'refused');
  if (refused.length === 0) return [];
  const every = refused.length === all.length;
  const which = every
    ? `${all.length === 1 ? 'The only key' : 'Every key'} of pool ${name} is`
    : `${refused.length} of ${counted(all.length, 'key')} of pool ${name} ${refused.length === 1 ? 'is' : 'are'}`;
  const { message, cause } = refused[0]!;
  const why = message || cause || '';
  return [
    {
      severity: every ? 'danger' : 'warning',
      text: `${which} refused${why === '' ? '' : `: ${why}`}`,
      until: null,
      path: '/pools',
    },
  ];
}

/** Models that no key may call at present. */
function exhausted({ name, keys: all }: Pool): TroubleFact[] {
  const usable = all.filter(({ state }) => state !== 'refused');
  const models = new Set(usable.flatMap((key) => key.models.map(({ model }) => model)));
  return [...models].flatMap((model): TroubleFact[] => {
    const blocks = usable.map((key) => key.models.find((each) => each.model === model && each.state !== 'cooling'));
    const used = blocks.filter((block) => block !== undefined);
    if (used.length === 0) return [];
    const every = used.length === usable.length;
    const until = used.map((block) => block.until).sort()[0]!;
    const whose = every
      ? usable.length === 1
        ? 'the only key'
        : 'every key'
      : `${used.length} of ${counted(usable.length, 'key')}`;
    const what =
      used[0]!.state === 'refused'
        ? 'is refused'
        : used[0]!.state === 'noQuota'
          ? 'has no quota'
          : 'has used up its quota';
    const text = `${model} ${what} for ${whose} of pool ${name}`;
    return [{ severity: every ? 'danger' : 'warning', text, until: { at: until, what: 'usable' }, path: '/pools' }];
  });
}

function paused(pool: Pool): TroubleFact[] {
  if (!pool.paused || open(pool) === 0) return [];
  const isOfSpec = pool.pausedBy === 'spec';
  const until = pool.pausedUntil === null || isOfSpec ? null : { at: pool.pausedUntil, what: 'resumes' };
  const text = `Pool ${pool.name} is paused${isOfSpec ? ' by spec.paused of its WorkerPool' : ''}, and ${queueText(pool)}`;
  return [{ severity: 'warning', text, until, path: '/pools' }];
}
