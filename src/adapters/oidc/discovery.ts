// Reads the documents that an issuer publishes: bounded in time and size, and from the configured issuer alone.

import type { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { discoveryUrl, isSameIssuer, isTrustworthyUrl } from '../../job/issuer.ts';

export interface IssuerOptions {
  readonly issuer: string;
  /** Of this program. */
  readonly version: string;
  /** How long each answer may take, ms; default 5,000. */
  readonly timeoutMs?: number;
}

/** Bytes. Key sets of large issuers have about 20 kB. */
const maxBody = 262_144;

/** Throws `OidcUnavailable`, also if the document describes another issuer or has an address that is not https. */
export async function discover<T extends { readonly issuer: string }>(
  options: IssuerOptions,
  schema: z.ZodType<T>,
): Promise<T> {
  const { issuer } = options;
  const found = await getJson(options, discoveryUrl(issuer), schema, 'a discovery document');
  if (!isSameIssuer(found.issuer, issuer)) {
    const told = JSON.stringify(found.issuer.slice(0, 200));
    throw unavailable(issuer, `${discoveryUrl(issuer)} describes the issuer ${told}`);
  }
  return found;
}

/** The address, if it may be used. */
export function trusted(issuer: string, what: string, url: string): string {
  if (isTrustworthyUrl(url)) return url;
  throw unavailable(issuer, `${what} the address ${url.slice(0, 200)}, which is not https`);
}

export async function getJson<T>(
  { issuer, version, timeoutMs = 5_000 }: IssuerOptions,
  url: string,
  schema: z.ZodType<T>,
  what: string,
): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  let text: string;
  try {
    const headers = { accept: 'application/json', 'user-agent': `genwarden-api/${version}` };
    // A redirect could lead from https to http, or to an address of the internal network.
    const answer = await fetch(url, { headers, signal, redirect: 'manual' });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      throw unavailable(issuer, `${url} answered ${answer.status}`);
    }
    text = await boundedText(answer);
  } catch (error) {
    if (error instanceof GenwardenError) throw error;
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : causeOf(error);
    throw unavailable(issuer, `${url}: ${why}`, error);
  }
  const parsed = schema.safeParse(jsonOf(text));
  if (!parsed.success) throw unavailable(issuer, `the answer of ${url} is not ${what}`);
  return parsed.data;
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBody) throw new Error(`the answer is longer than ${maxBody} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` wraps the reason, and the error of a host with several addresses has no message. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name);
}

export function unavailable(issuer: string, why: string, cause?: unknown): GenwardenError {
  const message = `The issuer ${issuer} cannot be read: ${why}`;
  return new GenwardenError('OidcUnavailable', message, { cause });
}
