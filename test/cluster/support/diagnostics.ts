// Prints the objects, events and last log lines of a namespace when a test fails. Never throws.
import { attempt } from './run.ts';

/** `why` is the headline, such as the name of the test. */
export async function printDiagnostics(namespace: string, why: string): Promise<void> {
  const inNamespace = ['-n', namespace];
  const parts = [
    await section(
      'get',
      'all,pvc,configmaps,generationjobs,workerpools',
      ...inNamespace,
      '-o',
      'wide',
      '--ignore-not-found',
    ),
    await section('get', 'events', ...inNamespace, '--sort-by=.metadata.creationTimestamp'),
    ...(await logs(namespace)),
  ];
  console.error([`==== ${namespace}: ${why}`, ...parts, `==== end of ${namespace}`].join('\n'));
}

/** The last lines of each pod, and those of the previous container if it was restarted. */
async function logs(namespace: string): Promise<string[]> {
  const { stdout } = await attempt('kubectl', ['get', 'pods', '-n', namespace, '-o', 'name']);
  const all = ['--all-containers', '--prefix', '--tail=60'];
  const printed: string[] = [];
  for (const pod of stdout.split('\n').filter((line) => line !== '')) {
    printed.push(await section('logs', pod, '-n', namespace, ...all));
    const before = await attempt('kubectl', ['logs', pod, '-n', namespace, ...all, '--previous']);
    if (before.code === 0) printed.push(`-- before its restart:\n${before.stdout}`);
  }
  return printed;
}

async function section(...args: string[]): Promise<string> {
  const { stdout, stderr } = await attempt('kubectl', args, { timeoutMs: 20_000 });
  return `-- kubectl ${args.join(' ')}\n${stdout}${stderr}`;
}
