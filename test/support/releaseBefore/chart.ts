// The packaged chart of the release before this one.
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const [chart, ...others] = globSync(join(import.meta.dirname, '*.tgz'));
if (chart === undefined || others.length > 0) throw new Error(`${import.meta.dirname} must have exactly one chart`);

/** Its path. */
export const packedChart: string = chart;

/** The text of one of its files, by its path in the chart. */
export async function fileOfPackedChart(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)('tar', ['-xzOf', packedChart, `genwarden/${path}`]);
  return stdout;
}

/** The names of its files below a folder of the chart. */
export async function namesInPackedChart(folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('tar', ['-tzf', packedChart]);
  return stdout.split('\n').flatMap((path) => path.split(`genwarden/${folder}/`)[1] ?? []);
}
