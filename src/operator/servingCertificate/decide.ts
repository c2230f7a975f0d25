// Whether the certificate of the aggregated API must be renewed, and which authorities the API server must trust. Every certificate
// has its own authority, which is trusted before the certificate is used and until the one after it is renewed, so
// that a renewal interrupts nothing, and no key of an authority is kept.

import { X509Certificate } from 'node:crypto';
import type { Instant } from '../../job/time.ts';

const day = 86_400_000;
export const validFor = 90 * day;
const renewBefore = 30 * day;
/** Clocks of nodes may be behind. */
export const backdatedBy = 3_600_000;

/** The secret's entries; empty if there are none. PEM. */
export interface StoredCertificate {
  readonly certificate: string;
  readonly key: string;
  /** One or two authorities, the newest first. */
  readonly authorities: string;
}

/** Why the certificate cannot stay; undefined if it can. */
export function whyRenew(stored: StoredCertificate, names: readonly string[], now: Instant): string | undefined {
  if (stored.certificate === '' || stored.key === '') return 'there is none';
  const [authority] = authoritiesIn(stored.authorities);
  try {
    const certificate = new X509Certificate(stored.certificate);
    if (Date.parse(certificate.validTo) - now < renewBefore) return `it expires on ${certificate.validTo}`;
    if (!names.every((name) => certificate.checkHost(name) !== undefined)) return 'it is for another name';
    if (authority === undefined || !certificate.verify(new X509Certificate(authority).publicKey))
      return 'its authority is missing';
    return undefined;
  } catch {
    return 'it cannot be read';
  }
}

/** The new authority and the one before it, while that is valid. */
export function trustedAfter(authority: string, { authorities }: StoredCertificate, now: Instant): string {
  const [before] = authoritiesIn(authorities);
  return before !== undefined && expiresAt(before) > now ? `${authority}${before}` : authority;
}

export const authoritiesIn = (pem: string): readonly string[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((one) => `${one}\n`);

function expiresAt(pem: string): Instant {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return 0;
  }
}
