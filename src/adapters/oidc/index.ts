// Reads an issuer's public keys: OpenID Connect Discovery names their address, and a JSON Web Key Set contains them.

import { z } from 'zod';
import { GenwardenError } from '../../job/errors/index.ts';
import { discoveryUrl, isSameIssuer, isTrustworthyUrl } from '../../job/issuer.ts';
import type { IdentityProvider, PublicKey } from '../../ports/identityProvider.ts';

export interface IdentityProviderOptions {
  readonly issuer: string;
  /** Of this program. */
  readonly version: string;
  /** How long each of the two answers may take, ms; default 5,000. */
  readonly timeoutMs?: number;
}

/** Bytes. Key sets of large issuers have about 20 kB. */
const maxBody = 262_144;
const maxKeys = 100;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.unknown()).max(maxKeys) });
const publicKey = z.looseObject({
  // A set may contain keys of types that this version does not know. A symmetric key (`oct`) verifies nothing that is public.
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().optional(),
  use: z.literal('sig').optional(),
});

export function oidcIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { issuer } = options;
  const get = <T>(url: string, schema: z.ZodType<T>, what: string): Promise<T> => getJson(options, url, schema, what);
  return {
    issuer,
    async fetchKeys() {
      const found = await get(discoveryUrl(issuer), discovery, 'a discovery document');
      if (!isSameIssuer(found.issuer, issuer)) {
        const told = JSON.stringify(found.issuer.slice(0, 200));
        throw unavailable(issuer, `${discoveryUrl(issuer)} describes the issuer ${told}`);
      }
      if (!isTrustworthyUrl(found.jwks_uri)) {
        throw unavailable(issuer, `its keys have the address ${found.jwks_uri.slice(0, 200)}, which is not https`);
      }
      const { keys } = await get(found.jwks_uri, keySet, 'a key set');
      const usable = keys.flatMap((key): PublicKey[] => {
        const parsed = publicKey.safeParse(key);
        return parsed.success ? [parsed.data as PublicKey] : [];
      });
      if (usable.length === 0) throw unavailable(issuer, `${found.jwks_uri} has no public key for signatures`);
      return usable;
    },
  };
}

async function getJson<T>(
  { issuer, version, timeoutMs = 5_000 }: IdentityProviderOptions,
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
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name);
}

function unavailable(issuer: string, why: string, cause?: unknown): GenwardenError {
  const message = `The keys of the issuer ${issuer} cannot be read: ${why}`;
  return new GenwardenError('OidcUnavailable', message, { cause });
}
