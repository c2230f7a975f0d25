// The secrets that webhooks are signed with: a file with any number of them per tenant, which is read again when it changes. All
// secrets of a tenant sign, so that receivers can move from one to the next.

import { z } from 'zod';
import { parseFile, reloadedFile, type FileFailure, type NamedFile } from '../config/reloadedFile.ts';
import { tenantForm } from '../job/tenantForm.ts';
import { logEvent, type EventLogger } from '../job/logEvents/index.ts';

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
  return parseFile(secretsFile, text, named(path)).secrets;
}

const named = (path: string): NamedFile => ({ setting: 'GENWARDEN_WEBHOOK_SECRETS_FILE', path });

export interface SecretsFile extends WebhookSecrets {
  /** Why the file's present version cannot be used, so that the last good one is; undefined if it can. */
  failure(): FileFailure | undefined;
  close(): void;
}

export interface SecretsFileOptions {
  readonly logger: EventLogger;
  /** Keeps these texts out of the log from now on. */
  readonly hideSecrets: (secrets: readonly string[]) => void;
  readonly everyMs?: number;
}

/**
 * Loads a new version of the file within seconds. If it cannot be used, the last good version stays in use. Throws
 * `InvalidConfiguration` if the file cannot be used at the start.
 */
export function openSecrets(path: string, { logger, hideSecrets, everyMs }: SecretsFileOptions): SecretsFile {
  const byTenant = (text: string): ReadonlyMap<string, readonly string[]> => {
    const entries = parseSecrets(text, path);
    hideSecrets(entries.map(({ secret }) => secret));
    const grouped = Map.groupBy(entries, ({ tenant }) => tenant);
    return new Map([...grouped].map(([tenant, own]) => [tenant, own.map(({ secret }) => secret)]));
  };
  const file = reloadedFile(named(path), byTenant, {
    everyMs,
    onReload: ({ size }) =>
      logEvent(logger, 'webhook_secrets_reloaded', { path, tenants: size }, 'Reloaded the webhook secrets'),
    onFailure: (error) => {
      const message = 'Cannot use the webhook secrets file; the previous secrets stay in use';
      logEvent(logger, 'webhook_secrets_unusable', { err: error, path }, message);
    },
  });
  return {
    of: (tenant) => file.current().get(tenant) ?? [],
    failure: () => file.failure(),
    close: () => file.close(),
  };
}

/** A secret as in Standard Webhooks, from 32 random bytes. */
export const newSecret = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`;
