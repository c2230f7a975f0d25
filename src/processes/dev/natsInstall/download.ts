// Downloads a file by HTTPS, through the proxy that the environment names.

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Agent as HttpAgent, get as getHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as getHttps } from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** ms without a byte. */
const silence = 20_000;
const mostRedirects = 5;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in capitals or not. */
  readonly env: NodeJS.ProcessEnv;
}

/** Saves what `url` answers in `file`, and returns its SHA-256, hexadecimal. Rejects when the answer is not 200. */
export async function download(url: string, file: string, options: DownloadOptions): Promise<string> {
  const answer = await follow(new URL(url), options);
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(answer, hashed, createWriteStream(file, { mode: 0o600 }), { signal: options.signal });
  return hash.digest('hex');
}

/** A release's address leads to a storage host. Never from HTTPS to HTTP. */
async function follow(url: URL, options: DownloadOptions, redirects = 0): Promise<IncomingMessage> {
  const answer = await request(url, options);
  const { statusCode = 0, headers } = answer;
  if (statusCode === 200) return answer;
  answer.destroy();
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined || redirects === mostRedirects) {
    throw new Error(`${url.host} answered ${statusCode}`);
  }
  const next = new URL(headers.location, url);
  if (next.protocol !== 'https:' && url.protocol === 'https:') throw new Error(`${url.host} leads to plain HTTP`);
  return follow(next, options, redirects + 1);
}

function request(url: URL, { signal, env }: DownloadOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { signal, headers: { 'user-agent': 'genwarden' } };
    const started =
      url.protocol === 'https:'
        ? getHttps(url, { ...options, agent: new HttpsAgent({ proxyEnv: env }) }, resolve)
        : getHttp(url, { ...options, agent: new HttpAgent({ proxyEnv: env }) }, resolve);
    started.setTimeout(silence, () => started.destroy(new Error(`${url.host} does not answer`)));
    started.once('error', reject);
  });
}
