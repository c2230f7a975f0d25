// One question to the Kubernetes API server, asked with the caller's own token: nothing here has rights of its own.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { GenwardenError } from '../../job/errors/index.ts';

export interface ApiServer {
  /** Posts JSON; the answer whatever its status is. Throws `KubernetesUnavailable` where there is none in time. */
  post(path: string, token: string, body: unknown): Promise<ApiServerAnswer>;
  close(): void;
}

export interface ApiServerAnswer {
  readonly status: number;
  /** Undefined where it is not JSON. */
  readonly body: unknown;
}

export interface ApiServerAddress {
  readonly url: string;
  /** PEM of the authority that signed its certificate; the system's where undefined. */
  readonly ca: string | undefined;
}

/** Bytes; a review is a few hundred. */
const mostBytes = 1_048_576;
/** Questions at the same time; more wait, within their time. */
const mostAtOnce = 32;

/** `timeoutMs` bounds each question with its answer; default 5 s. */
export function apiServer({ url, ca }: ApiServerAddress, timeoutMs = 5_000): ApiServer {
  const secure = url.startsWith('https:');
  const keep = { keepAlive: true, maxSockets: mostAtOnce };
  const agent = secure ? new Agent({ ...keep, ...(ca === undefined ? {} : { ca }) }) : new HttpAgent(keep);
  return {
    async post(path, token, body) {
      const signal = AbortSignal.timeout(timeoutMs);
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json',
      };
      try {
        const options = { method: 'POST', agent, headers, signal };
        return await answerOf(secure, new URL(path, `${url.replace(/\/+$/, '')}/`), options, JSON.stringify(body));
      } catch (error) {
        throw unavailable(signal.aborted ? `no answer within ${timeoutMs} ms` : (error as Error).message, error);
      }
    },
    close: () => agent.destroy(),
  };
}

/** `why` never holds a token: neither Node's errors nor the statuses of the API server do. */
export function unavailable(why: string, cause?: unknown): GenwardenError {
  const message = `The Kubernetes API server could not be asked about the token: ${why}`;
  return new GenwardenError('KubernetesUnavailable', message, { cause });
}

async function answerOf(secure: boolean, url: URL, options: RequestOptions, body: string): Promise<ApiServerAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = secure ? request(url, options, resolve) : httpRequest(url, options, resolve);
    asked.once('error', reject).end(body);
  });
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > mostBytes) response.destroy(new Error(`an answer of more than ${mostBytes} bytes`));
  });
  return { status: response.statusCode!, body: parse((await buffer(response)).toString('utf8')) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
