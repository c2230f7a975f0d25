// The secrets that webhooks are signed with: a file with any number of them per tenant, which is read again when it changes. All
// secrets of a tenant sign, so that receivers can move from one to the next.

import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { z } from 'zod';
import { GenwardenError } from '../job/errors/index.ts';
import { tenantForm } from '../job/tenantForm.ts';
import type { Logger } from '../telemetry/log.ts';

export interface WebhookSecrets {
  /** In the order of the file; empty for a tenant without one. */
  of(tenant: string): readonly string[];
}

/** While receivers move to a new secret, two are enough; each adds a signature to every request. */
const mostPerTenant = 5;

/** `whsec_` and base64, as in Standard Webhooks: 24 to 64 bytes. */
function secretProblem(text: string): string | undefined {
  const digits = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  if (digits === undefined || digits.length % 4 !== 0) return 'must be whsec_ and base64';
  const { length } = Buffer.from(digits, 'base64');
  return length >= 24 && length <= 64 ? undefined : `has ${length} bytes: it must have 24 to 64`;
}

const entry = z.strictObject({
  tenant: z.string().regex(tenantForm, 'must be 1 to 63 letters, digits, -, _ and .'),
  secret: z.string().superRefine((text, context) => {
    const message = secretProblem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
  createdAt: z.iso.datetime(),
});

const secretsFile = z.strictObject({
  secrets: z.array(entry).superRefine((entries, context) => {
    for (const [tenant, own] of Map.groupBy(entries, (each) => each.tenant)) {
      if (own.length <= mostPerTenant) continue;
      const message = `tenant ${tenant} has ${own.length} secrets: it can have ${mostPerTenant}`;
      context.addIssue({ code: 'custom', message });
    }
  }),
});

export type SecretEntry = z.infer<typeof entry>;

/** Parses the text of a secrets file; throws `InvalidConfiguration` with every problem, and never with a secret. */
export function parseSecrets(text: string, path: string): readonly SecretEntry[] {
  const fail = (problem: string): GenwardenError =>
    new GenwardenError('InvalidConfiguration', `GENWARDEN_WEBHOOK_SECRETS_FILE=${path}: ${problem}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fail('is not JSON');
  }
  const parsed = secretsFile.safeParse(json);
  if (parsed.success) return parsed.data.secrets;
  throw fail(
    parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`).join('; '),
  );
}

export interface SecretsFile extends WebhookSecrets {
  /** Why the file's present version cannot be used, so that the last good one is; undefined if it can. */
  failure(): string | undefined;
  close(): void;
}

export interface SecretsFileOptions {
  readonly logger: Pick<Logger, 'info' | 'error'>;
  /** Keeps these texts out of the log from now on. */
  readonly hideSecrets: (secrets: readonly string[]) => void;
  readonly everyMs?: number;
}

/**
 * Loads a new version of the file within seconds. If it cannot be used, the last good version stays in use. Throws
 * `InvalidConfiguration` if the file cannot be used at the start.
 */
export function openSecrets(path: string, { logger, hideSecrets, everyMs = 1_000 }: SecretsFileOptions): SecretsFile {
  const read = (): ReadonlyMap<string, readonly string[]> => {
    const entries = parseSecrets(textOf(path), path);
    hideSecrets(entries.map(({ secret }) => secret));
    const byTenant = Map.groupBy(entries, ({ tenant }) => tenant);
    return new Map([...byTenant].map(([tenant, own]) => [tenant, own.map(({ secret }) => secret)]));
  };
  let secrets = read();
  let failure: string | undefined;
  const reload = (): void => {
    try {
      secrets = read();
      failure = undefined;
      logger.info({ path, tenants: secrets.size }, 'Reloaded the webhook secrets');
    } catch (error) {
      failure = (error as Error).message;
      logger.error({ err: error, path }, 'Cannot use the webhook secrets file; the previous secrets stay in use');
    }
  };
  // Polls, because a mounted Secret changes through a symbolic link, which file events miss.
  watchFile(path, { interval: everyMs, persistent: false }, reload);
  return { of: (tenant) => secrets.get(tenant) ?? [], failure: () => failure, close: () => unwatchFile(path, reload) };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = (error as Error).message;
    const message = `GENWARDEN_WEBHOOK_SECRETS_FILE=${path}: cannot be read (${why})`;
    throw new GenwardenError('InvalidConfiguration', message, { cause: error });
  }
}

/** A secret as in Standard Webhooks, from 32 random bytes. */
export const newSecret = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`;
