// Genwarden of the release before this one in a cluster: its chart, its image, and its command line.

import { join } from 'node:path';
import { sourcesBefore } from '../../../hack/image/releaseBefore.ts';
import { packedChart } from '../../support/releaseBefore/chart.ts';
import { type TempFolder, tempFolder } from '../../support/tempFolder.ts';
import { root } from '../../tidy/repository.ts';
import { run } from '../support/run.ts';

export interface ReleaseBefore extends AsyncDisposable {
  /** The packaged chart. */
  readonly chart: string;
  /** Its folder `bin`, with `genwarden` and `kubectl-genwarden`. */
  readonly programs: string;
}

/** Loads the image into the node that `make cluster-faults` starts. Throws if the clone does not have the commit. */
export async function provideReleaseBefore(): Promise<ReleaseBefore> {
  if (process.env['TEST_CLUSTER_FOLDER'] === undefined)
    throw new Error('the image of the release before needs the cluster that make cluster-faults starts');
  const folder: TempFolder = await tempFolder('release-before');
  await sourcesBefore(folder.path);
  await run(join(root, 'hack/cluster/cluster.sh'), ['load', 'before'], { timeoutMs: 280_000 });
  return {
    chart: packedChart,
    programs: join(folder.path, 'bin'),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
