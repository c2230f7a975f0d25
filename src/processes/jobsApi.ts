// The aggregated API of jobs in the api process. It begins to listen as soon as Kubernetes has told whom to trust and the
// certificate exists, and follows changes of both. The HTTP API waits for none of this.

import { apiServerAddress, installationNamespace, openDelegation } from '../adapters/kubernetes/index.ts';
import { sleep } from '../async/sleep.ts';
import { version } from '../config/version.ts';
import type { Settings } from '../config/settings.ts';
import { logEvent } from '../job/logEvents/index.ts';
import { logEndedTask } from '../job/logEvents/taskEvents.ts';
import { RecentEntries } from '../jobs/events/recentEntries.ts';
import { kubeApi, type Handle } from '../kubeapi/handler.ts';
import { listen, type Identity, type KubeApiServer } from '../kubeapi/server.ts';
import type { ApiDelegation } from '../ports/apiDelegation.ts';
import type { ProcessContext } from './bootstrap.ts';
import type { Ports } from './openPorts.ts';

/** Listens on all addresses: the aggregator connects from outside of the pod. */
const everyAddress = '::';

/** Between looks at the certificate and the front proxy, ms. */
const every = { untilServing: 1_000, serving: 10_000 };

export const servesKubernetes = ({ kubernetes }: Settings): boolean => kubernetes.jobsApi.secret !== undefined;

/** Does nothing without `GENWARDEN_JOBS_API_SECRET`. */
export function startJobsApi({ kubernetes }: Settings, context: ProcessContext, ports: Ports): void {
  const { jobsApi, namespace } = kubernetes;
  if (jobsApi.secret === undefined) return;
  const { logger, resources } = context;
  const delegation = openDelegation({
    ...apiServerAddress(kubernetes, process.env),
    version,
    namespace: installationNamespace(namespace),
    secret: jobsApi.secret,
  });
  resources.own('access reviews', delegation, (it) => it.close());
  const recent = resources.own('jobs API entries', new RecentEntries(ports.follower), (it) => it.close());
  const closing = new AbortController();
  const handle = kubeApi({
    ...ports,
    recent,
    reviews: delegation,
    monotonic: ports.clock.monotonic,
    onTaskEnded: (ended) => logEndedTask(logger, ended),
    logger,
    closing: closing.signal,
  });
  const serving = new Serving(delegation, handle, jobsApi.port, logger);
  const running = serving.run(closing.signal);
  resources.own('jobs API', serving, async () => {
    closing.abort();
    await running;
  });
}

class Serving {
  readonly #delegation: ApiDelegation;
  readonly #handle: Handle;
  readonly #port: number;
  readonly #logger: ProcessContext['logger'];
  #server: KubeApiServer | undefined;
  #used = '';
  #failure = '';

  constructor(delegation: ApiDelegation, handle: Handle, port: number, logger: ProcessContext['logger']) {
    this.#delegation = delegation;
    this.#handle = handle;
    this.#port = port;
    this.#logger = logger;
  }

  /** Until the signal aborts; then it stops listening. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look().then(
        () => (this.#failure = ''),
        (error: unknown) => this.#report(error),
      );
      await sleep(this.#server === undefined ? every.untilServing : every.serving, signal);
    }
    await this.#server?.close();
  }

  async #look(): Promise<void> {
    const [serving, proxy] = await Promise.all([this.#delegation.servingCertificate(), this.#delegation.frontProxy()]);
    if (serving === undefined) throw new Error('The secret has no certificate yet');
    const identity = { serving, proxy };
    const used = JSON.stringify(identity);
    if (used === this.#used) return;
    await this.#use(identity);
    this.#used = used;
  }

  async #use(identity: Identity): Promise<void> {
    const url = `https://[${everyAddress}]:${this.#port}`;
    if (this.#server === undefined) {
      this.#server = await listen(this.#handle, { host: everyAddress, port: this.#port }, identity);
      logEvent(this.#logger, 'jobs_api_listening', { url }, `Jobs for Kubernetes on port ${this.#port}`);
    } else {
      this.#server.change(identity);
      logEvent(this.#logger, 'jobs_api_renewed', { url }, 'The aggregated API has another certificate or front proxy');
    }
  }

  /** Each failure once, although it is tried every second. */
  #report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message === this.#failure) return;
    this.#failure = message;
    logEvent(this.#logger, 'jobs_api_waiting', { err: error }, `The aggregated API of jobs waits: ${message}`);
  }
}
