// Links that read one job until a time and need no token: signing, checking, and the addresses that carry the signature.
// One signature covers the job, its events and all its artifacts, also those that are still to come.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import type { LinkKey } from '../job/linkKeys.ts';
import type { Instant } from '../job/time.ts';
import type { JobRecord } from '../ports/jobLog.ts';
import type { LinkKeys } from '../ports/linkKeys.ts';

/** What a signature permits to read. */
export interface LinkTerms {
  readonly job: JobId;
  readonly tenant: string;
  /** From this moment on the link is refused. */
  readonly expiresAt: Instant;
}

/** The query parameter that carries the signature. */
export const linkParameter = 'link';

/** `<key>.<expiry>.<signature>.<tenant>`: the characters of each part need no escapes in a URL. */
export function signLink(key: LinkKey, { job, tenant, expiresAt }: LinkTerms): string {
  return [key.id, expiresAt, signature(key, { job, tenant, expiresAt }).toString('base64url'), tenant].join('.');
}

/** A link as it came, not checked. */
export interface LinkClaim {
  readonly key: string;
  readonly expiresAt: Instant;
  readonly signature: Uint8Array;
  readonly tenant: string;
}

/** Undefined for a text that no `signLink` returned. */
export function parseLink(text: string): LinkClaim | undefined {
  const form = /^([0-9a-f]{12})\.(0|[1-9]\d{0,14})\.([\w-]{43})\.([\w.-]{1,63})$/;
  const [, key, expiresAt, signed, tenant] = form.exec(text) ?? [];
  if (key === undefined || signed === undefined || tenant === undefined) return undefined;
  const bytes = Buffer.from(signed, 'base64url');
  // The last digit has two bits too many: only one spelling of a signature is accepted.
  if (bytes.toString('base64url') !== signed) return undefined;
  return { key, expiresAt: Number(expiresAt), signature: bytes, tenant };
}

/**
 * The terms of a link to the job. `key` is the key that the link names, undefined if it is unknown. Throws `LinkInvalid` or
 * `LinkExpired`.
 */
export function checkLink(claim: LinkClaim | undefined, job: JobId, key: LinkKey | undefined, now: Instant): LinkTerms {
  if (claim === undefined) throw new GenwardenError('LinkInvalid', 'The link is not complete, or was changed');
  const { tenant, expiresAt } = claim;
  const terms = { job, tenant, expiresAt };
  const isSigned = key !== undefined && timingSafeEqual(signature(key, terms), claim.signature);
  // A key is removed after its last link: what such a link says about its time is not signed, and gives access to nothing.
  if (expiresAt <= now && (isSigned || key === undefined))
    throw new GenwardenError('LinkExpired', 'The link has expired');
  if (!isSigned) throw new GenwardenError('LinkInvalid', 'The signature of the link does not match');
  return terms;
}

/** The first words separate these signatures from any other use of the key. */
function signature(key: LinkKey, { job, tenant, expiresAt }: LinkTerms): Buffer {
  return createHmac('sha256', key.secret).update(`genwarden link\n${job}\n${tenant}\n${expiresAt}`).digest();
}

/** The address of a path of the job: complete, and with the signature. */
export type LinkedAddress = (path: string) => string;

/** `base`: scheme and host, as `https://genwarden.example`. */
export const linkedAddress =
  (base: string, signed: string): LinkedAddress =>
  (path) =>
    `${base.replace(/\/+$/, '')}${path}${path.includes('?') ? '&' : '?'}${linkParameter}=${signed}`;

export interface JobLinks {
  readonly job: string;
  readonly events: string;
  /** Of all tasks, as they are now. */
  readonly artifacts: readonly ArtifactLink[];
  readonly expiresAt: Instant;
}

export interface ArtifactLink {
  /** The task's index and name. */
  readonly task: number;
  readonly name: string | null;
  /** The artifact's name. */
  readonly artifact: string;
  readonly mediaType: string;
  readonly href: string;
}

/** Links to a job that are valid until `expiresAt`. Throws as `LinkKeys` does. */
export async function jobLinks(
  { linkKeys }: { readonly linkKeys: LinkKeys },
  record: JobRecord,
  { base, expiresAt }: { readonly base: string; readonly expiresAt: Instant },
): Promise<JobLinks> {
  const { job, tenant } = record.tasks[0]!.last.state.of;
  const address = linkedAddress(base, signLink(await linkKeys.current(), { job, tenant, expiresAt }));
  const artifacts = record.tasks.flatMap(({ last: { state, detail } }) =>
    (detail.artifacts ?? []).map(({ name, mediaType }) => ({
      task: state.of.task,
      name: state.of.name,
      artifact: name,
      mediaType,
      href: address(artifactPath(state, name)),
    })),
  );
  return { job: address(`/v1/jobs/${job}`), events: address(`/v1/jobs/${job}/events`), artifacts, expiresAt };
}

/** Of an artifact of a task's run. */
export const artifactPath = (
  { of: { job, task }, run }: { readonly of: { readonly job: JobId; readonly task: number }; readonly run: number },
  name: string,
): string => `/v1/jobs/${job}/tasks/${task}/artifacts/${encodeURIComponent(name)}?run=${run}`;
