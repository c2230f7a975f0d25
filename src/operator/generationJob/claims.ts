// Which installation runs a GenerationJob. Two installations that watch one namespace, each with its own stream, would both
// submit every resource and pay for it twice. So an installation writes its name into the status before it submits, on the
// condition that the resource has not changed: the API server accepts one of two such writes. The other one leaves it alone.

import { logEvent } from '../../job/logEvents/index.ts';
import type { Informer } from '../../ports/kubernetes.ts';
import type { OperatorContext } from '../context.ts';
import type { RecordedEvent } from '../events/eventRecorder.ts';
import { type GenerationJob, isFinished } from '../resources/generationJob.ts';
import type { StatusWriter } from './apply.ts';
import type { ReconcileState } from './reconcileState.ts';

type Context = Pick<OperatorContext, 'installation' | 'recorder' | 'logger' | 'clock' | 'follower'>;

export type Claim =
  | { readonly kind: 'ours'; readonly resource: GenerationJob }
  | { readonly kind: 'later'; readonly requeueAfterMs: number }
  | { readonly kind: 'gone' };

/**
 * ms from the creation of a resource that an installation leaves it to the one that came first in the namespace. Without this,
 * chance would decide about each resource, and each may need pools that only one of them has.
 */
const leftToFirst = 30_000;
const conflictRetry = 200;

export class Claims {
  readonly #context: Context;
  readonly #informer: Pick<Informer<GenerationJob>, 'list'>;
  readonly #writer: Pick<StatusWriter, 'write'>;
  /** Namespaces that another installation also watches, with its name. */
  readonly #contested = new Map<string, string>();
  #saidOutdated = false;

  constructor(context: Context, informer: Pick<Informer<GenerationJob>, 'list'>, writer: Pick<StatusWriter, 'write'>) {
    this.#context = context;
    this.#informer = informer;
    this.#writer = writer;
  }

  /** True if the resource belongs to another installation, which this reports. */
  isOfOther(resource: GenerationJob, state: ReconcileState): boolean {
    const other = resource.status?.installation;
    if (other === undefined || other === this.#context.installation) return false;
    this.#report(resource, state, other);
    return true;
  }

  /** Returns at once if the resource is claimed, or need not be. Throws `KubeError`. */
  async claim(resource: GenerationJob, state: ReconcileState): Promise<Claim> {
    const { installation } = this.#context;
    if (!this.#isClaimable(resource)) return { kind: 'ours', resource };
    const requeueAfterMs = this.#msLeftToFirst(resource);
    if (requeueAfterMs > 0) return { kind: 'later', requeueAfterMs };
    const written = await this.#writer.write(resource, { ...resource.status, installation }, state);
    if (written === undefined) return { kind: 'gone' };
    if (written === 'conflict') return { kind: 'later', requeueAfterMs: conflictRetry };
    if (written.status?.installation !== installation) this.#reportOutdated();
    return { kind: 'ours', resource: written };
  }

  /** Resources from before this field existed belong to the installation that has their job. */
  #isClaimable({ status, metadata }: GenerationJob): boolean {
    if (this.#saidOutdated || status?.installation !== undefined) return false;
    if (isFinished(status) || metadata.deletionTimestamp !== undefined) return false;
    const { follower } = this.#context;
    return follower.ready().ready && (status?.jobId === undefined || follower.index.job(status.jobId) !== undefined);
  }

  #msLeftToFirst({ metadata }: GenerationJob): number {
    if (!this.#contested.has(metadata.namespace)) return 0;
    if (this.#firstIn(metadata.namespace) === this.#context.installation) return 0;
    return Date.parse(metadata.creationTimestamp) + leftToFirst - this.#context.clock.now();
  }

  /** The installation of the oldest resource: every installation finds the same one. */
  #firstIn(namespace: string): string | undefined {
    const claimed = this.#informer
      .list()
      .filter(({ metadata, status }) => metadata.namespace === namespace && status?.installation !== undefined);
    const ageOf = ({ metadata }: GenerationJob): string => `${metadata.creationTimestamp} ${metadata.name}`;
    return claimed.toSorted((one, two) => (ageOf(one) < ageOf(two) ? -1 : 1))[0]?.status?.installation;
  }

  #report(resource: GenerationJob, state: ReconcileState, other: string): void {
    const { installation, recorder, logger } = this.#context;
    const { namespace } = resource.metadata;
    if (this.#contested.get(namespace) !== other) {
      this.#contested.set(namespace, other);
      const message = `Installation ${other} runs GenerationJobs of namespace ${namespace}, which installation ${installation} also watches; each job runs once`;
      logEvent(logger, 'namespace_of_two_installations', { namespace, other, installation }, message);
    }
    if (state.leftAlone || isFinished(resource.status)) return;
    state.leftAlone = true;
    recorder.record(resource, otherInstallation(installation, other));
  }

  #reportOutdated(): void {
    this.#saidOutdated = true;
    const message =
      'The CustomResourceDefinition of GenerationJob is older than this operator and drops status.installation, so two installations in one namespace would run each job twice; apply the definitions of this version';
    logEvent(this.#context.logger, 'definitions_outdated', {}, message);
  }
}

const otherInstallation = (installation: string, other: string): RecordedEvent => ({
  type: 'Warning',
  reason: 'OtherInstallation',
  action: 'Submit',
  note: `Installation ${other} runs this GenerationJob. Installation ${installation} also watches this namespace and leaves it alone. Let one of them watch it (operator.watchNamespaces). If ${other} no longer exists, delete this GenerationJob and create it again`,
});
