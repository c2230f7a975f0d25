// Ids on the command line: whole, or as a beginning that only one job or delivery has, `job/ID` as `-o name` prints it, and
// `gj/NAME` of a GenerationJob in a cluster.

import { Argument } from 'commander';
import type { GenwardenClient, ListedJob } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { isJobId } from '../../job/ids.ts';
import { cut, printable } from '../output/text.ts';

/** What the help says about every id of a job. */
export const idOfJob = 'id of the job, or a unique beginning of it';

/** `gj/NAME` and `generationjob/NAME`, as kubectl writes them. */
const ofResource = /^(?:gj|generationjobs?(?:\.genwarden\.dev)?)\/(.+)$/;

/** The id of the job of a GenerationJob. */
export type JobOfResource = (name: string) => Promise<string>;

export const jobArgument = (): Argument => new Argument('<job>', idOfJob);

/**
 * The whole id. A beginning is looked up in the list of jobs, a whole id is not. Throws `AmbiguousId` if several jobs have this
 * beginning, and `JobNotFound` if none has.
 */
export async function jobIdOf(
  client: GenwardenClient,
  given: string,
  jobOfResource: JobOfResource = outsideCluster,
): Promise<string> {
  const [, resource] = ofResource.exec(given) ?? [];
  if (resource !== undefined) return jobOfResource(resource);
  const id = given.replace(/^job\//, '');
  if (isJobId(id)) return id;
  const { found, since } = /^[0-9a-z]{1,25}$/.test(id) ? await jobsBeginningWith(client, id) : nothing;
  if (found.length === 1) return found[0]!.id;
  if (found.length > 1) throw ambiguous(id, found.map(jobLine));
  const older = since === null ? '' : ` among those submitted since ${since}; older ones need the whole id`;
  throw new GenwardenError('JobNotFound', `There is no job ${printable(id)}, and none whose id begins with it${older}`);
}

const outsideCluster: JobOfResource = async (name) => {
  throw new GenwardenError('UsageError', `gj/${name} is a GenerationJob: only \`kubectl genwarden\` can read it`);
};

interface Found {
  readonly found: readonly ListedJob[];
  /** Finished jobs that were submitted before may be missing. */
  readonly since: string | null;
}

const nothing: Found = { found: [], since: null };

/** At most so many candidates are named. */
const mostNamed = 10;

async function jobsBeginningWith(client: GenwardenClient, id: string): Promise<Found> {
  const found: ListedJob[] = [];
  for (let cursor: string | undefined; ;) {
    // The search looks into labels and prompts too.
    const page = await client.listPage({ search: id, pageSize: 500 }, { cursor });
    found.push(...page.items.filter((job) => job.id.startsWith(id)));
    const whole = found.find((job) => job.id === id);
    if (whole !== undefined) return { found: [whole], since: null };
    if (page.next === null || found.length > mostNamed) return { found, since: page.complete ? null : page.since };
    cursor = page.next;
  }
}

const jobLine = ({ id, state, prompt }: ListedJob): string => `${id}  ${state}  ${cut(prompt ?? '', 40)}`.trimEnd();

/** The whole ids of dead webhook deliveries; ids that no dead delivery has or begins with stay as they are, and the API refuses them. */
export async function deliveryIdsOf(client: GenwardenClient, given: readonly string[]): Promise<string[]> {
  const dead = await Array.fromAsync(client.deadWebhooks());
  return given.map((id) => {
    const found = dead.filter((delivery) => delivery.id.startsWith(id));
    if (found.length < 2 || found.some((delivery) => delivery.id === id)) return found.length === 1 ? found[0]!.id : id;
    throw ambiguous(
      id,
      found.map((delivery) => `${delivery.id}  ${delivery.event} of job ${delivery.job}`),
    );
  });
}

function ambiguous(id: string, candidates: readonly string[]): GenwardenError {
  const lines = candidates.slice(0, mostNamed).map((line) => `\n  ${printable(line)}`);
  const rest = candidates.length > mostNamed ? '\n  … and more' : '';
  return new GenwardenError('AmbiguousId', `${id} is the beginning of several ids:${lines.join('')}${rest}`);
}
