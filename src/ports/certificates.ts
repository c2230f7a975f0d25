// Makes TLS certificates.

import type { Instant } from '../job/time.ts';

export interface CertificateRequest {
  /** DNS names; the first is the subject too. */
  readonly names: readonly string[];
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  /** Default: `server`. */
  readonly use?: 'server' | 'client';
}

/** PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Signed this certificate and no other: its key is not kept. */
  readonly authority: string;
}

/** A certificate with an authority made for it. */
export type IssueCertificate = (request: CertificateRequest) => Promise<IssuedCertificate>;
