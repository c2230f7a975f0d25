// The programs that hack/install-python.sh and hack/install-openapi-tools.sh have installed into the cache.

import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const hack = fileURLToPath(new URL('../../hack', import.meta.url));

/** The interpreter of the virtual environment for Python. */
const pythonInterpreter = (): Promise<string> => printedBy('install-python.sh');

/** The path of a program of a Python package, such as `schemathesis`. */
export const pythonProgram = async (name: string): Promise<string> => join(dirname(await pythonInterpreter()), name);

/** The folder of the packages of hack/openapi. */
export const openApiPackages = async (): Promise<string> => dirname(await printedBy('install-openapi-tools.sh'));

/** The path of a program of a package of hack/openapi, such as `redocly`. */
export const openApiProgram = async (name: string): Promise<string> => join(await openApiPackages(), '.bin', name);

/** The script's last line names the path: it installs nothing if the tools are there. */
async function printedBy(script: string): Promise<string> {
  const { stdout } = await run(join(hack, script));
  const [, path] = /: (\/.+)$/.exec(stdout.trim().split('\n').at(-1)!)!;
  return path!;
}
