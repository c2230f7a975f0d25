// The packaged chart of the release before this one.
import { globSync } from 'node:fs';
import { join } from 'node:path';

const [chart, ...others] = globSync(join(import.meta.dirname, '*.tgz'));
if (chart === undefined || others.length > 0) throw new Error(`${import.meta.dirname} must have exactly one chart`);

/** Its path. */
export const packedChart: string = chart;
