// Sends webhooks by HTTP. The address that is checked is the address that is connected to: the check is part of the name
// look-up of this very connection. Redirects and proxies are not followed.

import type { LookupAddress } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { AttemptResult, DeliveryFailure } from '../../job/webhooks/delivery.ts';
import type { WebhookReceiver, WebhookRequest } from '../../ports/webhookReceiver.ts';
import { reachable, type Reachable } from './addresses.ts';

export interface WebhookHttpOptions {
  /** Host names, addresses and networks that may be internal, and may use plain HTTP. */
  readonly allow: readonly string[];
  /** From the start of the connection to the status of the answer, ms; default 15 s. */
  readonly timeoutMs?: number;
  /** Default: the system's resolver for names that `allow` lists, DNS for others. */
  readonly resolve?: Resolve;
}

type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Bytes. Nothing in the body of an answer is used. */
const maxBody = 64 * 1024;
/** A body that takes longer than this is cut off, ms: the status is known already. */
const bodyTime = 2_000;

export function webhookHttp(options: WebhookHttpOptions): WebhookReceiver {
  const rules = reachable(options.allow);
  const agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };
  const resolve =
    options.resolve ?? ((name) => (rules.isAllowed(name) ? lookup(name, { all: true }) : dnsLookup(name)));
  return {
    isAllowed: (hostname) => rules.isAllowed(hostname),
    post: async (request, signal) => {
      const url = new URL(request.url);
      const secure = url.protocol === 'https:';
      if (!secure && !rules.isAllowed(url.hostname)) return plainHttpRefused(url.hostname);
      const send = secure ? httpsRequest : httpRequest;
      const agent = secure ? agents.https : agents.http;
      const { timeoutMs = 15_000 } = options;
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        // No look-up is made for a host that is an address.
        refuseAddress(rules, bareHost(url), url.hostname);
        const settings = { agent, lookup: checkedLookup(rules, resolve), signal: AbortSignal.any([signal, timeout]) };
        return await exchange(send, url, request, settings);
      } catch (error) {
        return timeout.aborted ? timedOut(url, timeoutMs) : failed(url, error as NodeJS.ErrnoException);
      }
    },
  };
}

const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * The system's resolver blocks one of a few threads that the whole process shares, for as long as a name server does not answer:
 * names that clients choose must not use it.
 */
async function dnsLookup(hostname: string): Promise<readonly LookupAddress[]> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const addresses = [
    ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
    ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
  ];
  if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason;
  return addresses;
}

class AddressRefused extends Error {}

function refuseAddress(rules: Reachable, address: string, hostname: string): void {
  const refusal = isIP(address) === 0 ? undefined : rules.refusal(address, hostname);
  if (refusal !== undefined) throw new AddressRefused(`${address} ${refusal}`);
}

/** Passes on only the addresses that may be reached; fails if there are none. */
function checkedLookup(rules: Reachable, resolve: Resolve): LookupFunction {
  const reachableOf = async (hostname: string): Promise<LookupAddress[]> => {
    const addresses = await resolve(hostname);
    const refused = addresses.map(({ address }) => rules.refusal(address, hostname));
    const allowed = addresses.filter((_, at) => refused[at] === undefined);
    if (allowed.length > 0) return allowed;
    const why = addresses.map(({ address }, at) => `${address} ${refused[at]}`).join(', ');
    throw new AddressRefused(`${hostname} has no address that may be reached${why === '' ? '' : `: ${why}`}`);
  };
  return (hostname, { all }, answer) => {
    reachableOf(hostname).then(
      (addresses) =>
        all === true ? answer(null, addresses) : answer(null, addresses[0]!.address, addresses[0]!.family),
      (error: Error) => answer(error, '', 4),
    );
  };
}

function exchange(
  send: typeof httpRequest,
  url: URL,
  { headers, body }: WebhookRequest,
  options: RequestOptions,
): Promise<AttemptResult> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body);
    const request = send(url, {
      ...options,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': bytes.length, ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const result = answered(response);
      const end = (): void => {
        clearTimeout(timer);
        response.destroy();
        resolve(result);
      };
      const timer = setTimeout(end, bodyTime);
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > maxBody) end();
      });
      response.on('close', end);
      response.on('error', end);
    });
    request.end(bytes);
  });
}

function answered({ statusCode = 0, headers }: IncomingMessage): AttemptResult {
  const retryAfter = retryAfterOf(headers['retry-after'], Date.now());
  return { answered: true, status: statusCode, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** ms, from seconds or a date (RFC 9110); undefined for other text. */
function retryAfterOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

const failure = (reason: DeliveryFailure, message: string): AttemptResult => ({ answered: false, reason, message });

const plainHttpRefused = (hostname: string): AttemptResult =>
  failure(
    'PlainHttpRefused',
    `Plain http to ${hostname} is not allowed: use https, or add it to GENWARDEN_WEBHOOK_ALLOW`,
  );

const timedOut = ({ host }: URL, timeoutMs: number): AttemptResult =>
  failure('Timeout', `${host} did not answer within ${timeoutMs / 1_000} s: answer first, then do the work`);

function failed({ host }: URL, error: NodeJS.ErrnoException): AttemptResult {
  if (error instanceof AddressRefused) {
    return failure('AddressRefused', `${error.message}. If it is meant to be, add it to GENWARDEN_WEBHOOK_ALLOW`);
  }
  return failure('ConnectionFailed', `No answer from ${host}: ${error.code ?? error.message}`);
}
