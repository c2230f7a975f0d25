// Whether a NATS server demands a client certificate. With TLS 1.3 a server that gets none drops the connection after the client
// has finished its handshake, and the client of NATS only reports a timeout. But the server's first words, before TLS, say it.

import { createConnection } from 'node:net';

/** ms. */
const answerWithin = 2_000;
const defaultPort = 4_222;

/** False also for a server that does not answer, or says nothing before TLS (`handshake_first`). `address`: a URL, or host and port. Never rejects. */
export async function demandsCertificate(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address.includes('://') ? address : `nats://${address}`);
  const info = await firstLine(hostname.replaceAll(/[[\]]/g, ''), Number(port) || defaultPort);
  return /^INFO \{.*"tls_verify":\s*true/.test(info);
}

function firstLine(host: string, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = createConnection({ host, port });
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(answerWithin, () => resolve(''));
  socket.on('data', (part: string) => {
    text += part;
    if (text.includes('\n')) resolve(text);
  });
  socket.on('error', () => resolve(''));
  socket.on('close', () => resolve(''));
  return promise.finally(() => socket.destroy());
}
