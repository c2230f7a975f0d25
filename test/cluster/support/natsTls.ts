// The certificate of the chart's own NATS servers in a secret, made as docs/nats.md describes.

import { read } from '../../tidy/repository.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { run } from './run.ts';

export const natsTlsSecret = 'genwarden-nats-tls';

/** Runs the commands of the page for this namespace; its service has the page's name. */
export async function createNatsCertificate(namespace: string): Promise<void> {
  const [, block] = /```sh\n(namespace=[^`]*kubectl create secret generic genwarden-nats-tls[^`]*)```/.exec(
    read('docs/nats.md'),
  )!;
  const script = block!.replace('namespace=genwarden ', `namespace=${namespace} `);
  await using folder = await tempFolder();
  await run('sh', ['-euc', `cd ${folder.path}\n${script}`]);
}
