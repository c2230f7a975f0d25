// A connection through a proxy: CONNECT, and then the bytes of the caller. Node.js's own support of proxies repeats a CONNECT that the
// proxy ends without an answer hundreds of times a second, and has no time limit for one that is not answered.

import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';

/** ms of silence, before the connection to the proxy or its answer. */
const answersWithin = 10_000;

/** The message has the address of the proxy, but no login. */
class ProxyError extends Error {}

/** `target` is `host:port`. Rejects with `ProxyError`. */
export function openTunnel(proxy: URL, target: string, within = answersWithin): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const request = connectRequest(proxy, target);
  const fail = (what: string, cause?: Error): void =>
    reject(new ProxyError(`the proxy ${proxy.host} ${what}`, cause === undefined ? {} : { cause }));
  request.setTimeout(within, () => fail(`did not open a connection to ${target} within ${within / 1_000} s`));
  request.on('connect', (response, socket, head) => {
    if (response.statusCode === 200 && head.length === 0) return resolve(socket);
    socket.destroy();
    fail(refusalOf(response, target));
  });
  request.on('response', (response) => {
    response.destroy();
    fail(refusalOf(response, target));
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    const away = error.syscall === 'connect' || error.syscall === 'getaddrinfo';
    fail(away ? 'cannot be reached' : 'broke the connection', error);
  });
  request.end();
  return promise
    .finally(() => request.setTimeout(0))
    .catch((error: unknown) => {
      request.destroy();
      throw error;
    });
}

function connectRequest(proxy: URL, target: string): ClientRequest {
  const { protocol, hostname, port, username, password } = proxy;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const secure = protocol === 'https:';
  return (secure ? httpsRequest : httpRequest)({
    method: 'CONNECT',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 443 : 80) : port,
    path: target,
    agent: false,
    headers: { host: target, ...(username === '' && password === '' ? {} : { 'proxy-authorization': authorization }) },
  });
}

function refusalOf({ statusCode, statusMessage }: IncomingMessage, target: string): string {
  const answer = `answered ${statusCode} ${statusMessage}`.trimEnd();
  if (statusCode !== 407) return `${answer} when asked to connect to ${target}`;
  return `${answer}: HTTPS_PROXY or HTTP_PROXY needs the user and password of the proxy`;
}
