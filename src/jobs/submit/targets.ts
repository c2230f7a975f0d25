// Chooses where the tasks of a job may run: the tasks of one kind and model share a model of the job's pool and fallbacks.

import { GenwardenError } from '../../job/errors/index.ts';
import type { FallbackRequest, JobKind, PolicyRequest, Target } from '../../job/policy.ts';
import type { ResultCheck } from '../../job/resultCheck.ts';
import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import type { JobsContext } from '../context.ts';
import type { SubmitBody } from './body.ts';
import { fallbacksOf, hasModelFor } from './fallbacks.ts';
import { acceptingOf, refuseShape, type Destination } from './limits.ts';
import type { RequestedTask } from './mergeTasks.ts';
import { placementOf, type Placement } from './placement.ts';
import { refuseProviderOptions } from './providerOptions.ts';
import { resultChecks } from './resultChecks.ts';

export interface TaskGroup {
  readonly tasks: readonly RequestedTask[];
  readonly placement: Placement;
  /** The placement first, then the fallbacks that accept the input. */
  readonly places: readonly Destination[];
  readonly check: ResultCheck | undefined;
}

type TargetContext = Pick<JobsContext, 'pools' | 'follower'>;

interface Wanted {
  readonly body: SubmitBody;
  readonly tenant: string;
  readonly requested: PolicyRequest;
}

/** Throws what the placement, the fallbacks, the checks or the limits of a model refuse, with the place in the body. */
export function groupsOf(context: TargetContext, tasks: readonly RequestedTask[], wanted: Wanted): TaskGroup[] {
  const groups = [...Map.groupBy(tasks, ({ kind, model }) => `${kind} ${model ?? ''}`).values()];
  const placements = groups.map((group) => placed(context, group[0]!, wanted));
  return groups.map((group, at) => {
    const { kind } = group[0]!;
    const others = groups.flatMap((other, index) => {
      return other[0]!.kind === kind ? [] : [{ kind: other[0]!.kind, primary: placements[index]! }];
    });
    return groupOf(context, group, { ...wanted, kind, primary: placements[at]!, others });
  });
}

interface OneGroup extends Wanted {
  readonly kind: JobKind;
  readonly primary: Placement;
  /** The groups of the other kind. */
  readonly others: readonly { readonly kind: JobKind; readonly primary: Placement }[];
}

function groupOf(context: TargetContext, tasks: readonly RequestedTask[], group: OneGroup): TaskGroup {
  const { body, requested, primary } = group;
  const own = requested.fallback?.map((request) => (concerns(context, request, group) ? request : undefined));
  const targets = fallbacksOf(context, { ...group, requested: own });
  const paths = own?.flatMap((request, at) => (request === undefined ? [] : [`policy.fallback[${at}]`]));
  const destinations = destinationsOf(context, primary, targets, paths);
  const { check, places } = resultChecks(context.pools, { requested, pool: primary.pool, places: destinations });
  const fitting = acceptingOf(places, refuseProviderOptions(body, tasks));
  return { tasks, placement: primary, check, places: acceptingOf(fitting, refuseShape(body, tasks)) };
}

/** In a job of both kinds, a fallback to a model of one kind concerns only the tasks of that kind. */
function concerns(context: TargetContext, request: FallbackRequest, group: OneGroup): boolean {
  const { tenant, others } = group;
  if (others.length === 0 || hasModelFor(context, { ...group, requested: [] }, request)) return true;
  return !others.some((other) => hasModelFor(context, { ...other, tenant, requested: [] }, request));
}

/** The error names the task that has its own kind or model. */
function placed({ pools, follower }: TargetContext, task: RequestedTask, { body, tenant }: Wanted): Placement {
  const { kind, model, path, index } = task;
  const request = {
    kind,
    ...(body.pool === undefined ? {} : { pool: body.pool }),
    ...(model === undefined ? {} : { model }),
  };
  try {
    return placementOf(request, pools, follower, tenant);
  } catch (error) {
    const own = body.tasks?.[index];
    const field = own?.model === undefined ? 'kind' : 'model';
    if (!(error instanceof GenwardenError) || error.code !== 'ModelNotInPool' || own?.[field] === undefined)
      throw error;
    const errors = [{ path: `${path}${field}`, message: error.message }];
    throw new GenwardenError(error.code, error.message, { cause: error, details: { ...error.details, errors } });
  }
}

/** The job's own pool and model first, then its fallbacks. */
function destinationsOf(
  { pools }: TargetContext,
  { pool, model }: Placement,
  fallbacks: readonly Target[],
  paths: readonly string[] | undefined,
): readonly Destination[] {
  const rest = fallbacks.map((target, at): Destination => {
    const declared = pools.find(target.pool) ?? pool;
    return {
      ...target,
      ...optionRulesOf(declared),
      ...(paths === undefined ? { optional: true } : { path: paths[at]! }),
    };
  });
  return [{ pool: pool.name, model, ...optionRulesOf(pool) }, ...rest];
}

const optionRulesOf = ({ provider, providerOptions: options }: PoolDeclaration) => ({
  provider,
  ...(options === undefined ? {} : { options }),
});
