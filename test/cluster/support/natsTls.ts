// The certificate of the chart's own NATS servers in a secret, made by the commands of docs/nats.md.

import { connect } from 'node:net';
import { once } from 'node:events';
import { connect as startTls } from 'node:tls';
import { read } from '../../tidy/repository.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { run } from './run.ts';

export const natsTlsSecret = 'genwarden-nats-tls';

export interface NatsCertificate extends AsyncDisposable {
  /** Makes another one by the same authority, and changes the secret. */
  renew(): Promise<void>;
}

/** For the page's service in this namespace. */
export async function createNatsCertificate(namespace: string): Promise<NatsCertificate> {
  const page = read('docs/nats.md');
  const [, authority] = /```sh\n(# The certificate authority[^`]*)```/.exec(page)!;
  const [, certificate] = /```sh\n(# The certificate of all servers[^`]*)```/.exec(page)!;
  const folder = await tempFolder();
  const inFolder = (script: string): Promise<string> => run('sh', ['-euc', `cd ${folder.path}\n${script}`]);
  const renew = async (): Promise<void> => {
    await inFolder(certificate!.replace('namespace=genwarden ', `namespace=${namespace} `));
  };
  await inFolder(authority!);
  await renew();
  return { renew, [Symbol.asyncDispose]: () => folder.remove() };
}

/** The fingerprint of the certificate that a server shows to its clients. */
export async function shownCertificate(host: string): Promise<string> {
  const socket = connect(4222, host);
  try {
    // The server first sends a line that says that it requires TLS.
    await once(socket, 'data');
    const secured = startTls({ socket, rejectUnauthorized: false });
    await once(secured, 'secureConnect');
    return secured.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
