// The checks of GenerationJobs and of the installations that watch them: namespaces that nobody watches, or two installations.

import { failed, noted, passed, type Check } from '../../../jobs/doctor/check.ts';
import { count } from '../../../job/explain/format.ts';
import { type GenerationJob, isFinished } from '../../../operator/resources/generationJob.ts';
import type { Workload } from './kinds.ts';
import { named } from './names.ts';
import { actsWithin, type ClusterView } from './view.ts';

interface Watcher {
  /** As in `status.installation`. */
  readonly installation: string;
  readonly namespace: string;
  /** Undefined: all. */
  readonly watched: readonly string[] | undefined;
  readonly isRunning: boolean;
}

function watcherOf({ metadata, spec }: Workload): Watcher {
  const env = spec.template.spec.containers.flatMap((container) => container.env ?? []);
  const valueOf = (name: string): string | undefined => env.find((each) => each.name === name)?.value;
  const { namespace } = metadata;
  const name = valueOf('GENWARDEN_INSTALLATION');
  return {
    installation: name === undefined ? namespace : `${namespace}/${name}`,
    namespace,
    watched: valueOf('GENWARDEN_WATCH_NAMESPACES')?.split(','),
    isRunning: (spec.replicas ?? 1) > 0,
  };
}

const watches = ({ watched, isRunning }: Watcher, namespace: string): boolean =>
  isRunning && (watched === undefined || watched.includes(namespace));

export function jobChecks(view: ClusterView): Check[] {
  const watchers = view.operators.map(watcherOf);
  return [...shared(watchers), ...unwatched(view, watchers), ...ofGoneInstallations(view, watchers)];
}

/** Two installations that watch the same namespaces. */
function shared(watchers: readonly Watcher[]): Check[] {
  const running = watchers.filter(({ isRunning }) => isRunning);
  const pairs = running.flatMap((one, at) => running.slice(at + 1).map((two) => [one, two] as const));
  return pairs.flatMap(([one, two]) => {
    const where = commonTo(one, two);
    if (where === undefined) return [];
    const says = `${one.installation} and ${two.installation} both watch ${where}: each GenerationJob runs once, in either of them`;
    const advice =
      'Set operator.watchNamespaces of each to its own namespaces: `helm upgrade … --set operator.watchNamespaces={NAMESPACE}`.';
    return [failed('installations', says, advice)];
  });
}

function commonTo(one: Watcher, two: Watcher): string | undefined {
  if (one.watched === undefined && two.watched === undefined) return 'all namespaces';
  const [narrow, other] = one.watched === undefined ? [two, one] : [one, two];
  const common = narrow.watched!.filter((namespace) => watches(other, namespace));
  return common.length === 0 ? undefined : `namespace ${common.join(', ')}`;
}

function unwatched({ jobs, now, operators }: ClusterView, watchers: readonly Watcher[]): Check[] {
  if (operators.length === 0) return [];
  const silent = jobs.filter(
    ({ status, metadata }) =>
      (status?.conditions ?? []).length === 0 && now > Date.parse(metadata.creationTimestamp) + actsWithin,
  );
  return [...byNamespace(silent)].map(([namespace, all]) => {
    const label = `jobs of ${namespace}`;
    const says = `nothing acts on ${count(all.length, 'GenerationJob')} (${named(all)})`;
    if (watchers.some((watcher) => watches(watcher, namespace)))
      return failed(label, says, 'See the check `operator`.');
    if (watchers.every(({ isRunning }) => !isRunning))
      return failed(label, `${says}: no operator runs`, 'See the check `operator`.');
    const lists = watchers.map(({ installation, watched = [] }) => `${installation} watches ${watched.join(', ')}`);
    return failed(
      label,
      `${says}: no operator watches namespace ${namespace} (${lists.join('; ')})`,
      `Add ${namespace} to operator.watchNamespaces, and upgrade the release in namespace ${watchers[0]!.namespace}: \`helm upgrade\`.`,
    );
  });
}

/** Whose installation was uninstalled. */
function ofGoneInstallations({ jobs }: ClusterView, watchers: readonly Watcher[]): Check[] {
  const known = new Set(watchers.map(({ installation }) => installation));
  const lost = jobs.filter(({ status }) => {
    const owner = status?.installation;
    return owner !== undefined && !known.has(owner) && !isFinished(status);
  });
  if (lost.length === 0 || known.size === 0) return [];
  const owners = [...new Set(lost.map(({ status }) => status!.installation!))].join(', ');
  return [
    noted(
      'jobs',
      `${count(lost.length, 'open GenerationJob')} (${named(lost)}) of installation ${owners}, which is not found`,
      'If that installation no longer exists, delete these GenerationJobs and create them again.',
    ),
  ];
}

function byNamespace(jobs: readonly GenerationJob[]): Map<string, GenerationJob[]> {
  return Map.groupBy(jobs, ({ metadata }) => metadata.namespace);
}

export const installationCheck = ({ operators, namespace }: ClusterView): Check => {
  const others = new Set(operators.map(({ metadata }) => metadata.namespace).filter((one) => one !== namespace));
  const more = others.size === 0 ? '' : `; others in ${[...others].join(', ')} (--installation-namespace)`;
  return passed('installation', `in namespace ${namespace}${more}`);
};
