// What `genwarden dev` and `genwarden demo` say on a terminal when everything has started.

import { count } from '../../job/explain/format.ts';
import { settingOf, titleOf } from '../../job/providers.ts';
import { programName } from '../../processes/dev/program.ts';
import type { ServedPool, Stack } from '../../processes/dev/stack.ts';

type Started = Pick<Stack, 'url' | 'consoleUrl' | 'pools' | 'settings'>;

/** Where it is, what answers the tasks, what to try, and how another worker joins. */
export function startLines(stack: Started): string[] {
  const { pools, settings } = stack;
  return [
    ...addressLines(stack),
    ...(settings.poolsFile === undefined ? [sourceLine(pools[0]!)] : poolLines(pools)),
    `Try:      ${tryCommand(pools)}`,
    ...(pools.length === 1
      ? ['One more worker, in another terminal:']
      : ['One more worker of a pool, in another terminal:']),
    ...pools.map(
      ({ join: { command, needs } }) => `  ${command}${needs.length === 0 ? '' : `   (with ${needs.join(', ')} set)`}`,
    ),
  ];
}

export const addressLines = ({ url, consoleUrl }: Pick<Stack, 'url' | 'consoleUrl'>): string[] => [
  ...(consoleUrl === undefined ? [] : [`Console:  ${consoleUrl}`]),
  `API:      ${url}`,
];

/** What draws the pictures of the only pool. */
export function sourceLine({ pool, isStandIn }: ServedPool): string {
  const title = titleOf(pool.provider);
  if (isStandIn)
    return `Pictures come from a stand-in, not from ${title}: set ${settingOf(pool.provider, 'API_KEY').replace('GENWARDEN_', '')} for real ones.`;
  return pool.keys.length === 0
    ? `Nothing draws pictures: ${keyless(title)}.`
    : `Pictures come from ${title} with ${count(pool.keys.length, 'key')}.`;
}

const keyless = (title: string): string => `without a key for ${title}, tasks wait`;

/** A line for each pool, in columns. */
function poolLines(pools: readonly ServedPool[]): string[] {
  const rows = pools.map(({ pool, isStandIn, worker }) => {
    const title = titleOf(pool.provider);
    const real = pool.keys.length === 0 ? keyless(title) : `${title} with ${count(pool.keys.length, 'key')}`;
    return [pool.name, worker, isStandIn ? `a stand-in, not ${title}: the pool has no key` : real] as const;
  });
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]!.length)));
  const lines = rows.map(
    ([name, worker, source]) => `  ${name.padEnd(widths[0]!)}  ${worker.padEnd(widths[1]!)}  ${source}`,
  );
  return ['Pools, the worker of each, and what answers:', ...lines];
}

/** A submit that works with the pools. */
export function tryCommand(pools: readonly ServedPool[]): string {
  const known = pools.find(({ pool }) => pool.name === 'default') ?? pools[0]!;
  const { name, models } = known.pool;
  const flags = [
    ...(name === 'default' ? [] : ['--pool', name]),
    ...(models.image.length > 0 ? [] : ['--kind', 'text']),
  ];
  return [programName(), 'submit', ...flags, '--prompt "a front yard"', '--watch'].join(' ');
}
