// The OpenID Connect issuer whose tokens the API accepts: the place that publishes the keys of their signatures.

/** A public key as a JSON Web Key (RFC 7517). */
export interface PublicKey {
  readonly kty: string;
  /** The key ID, which a token's header names. */
  readonly kid?: string;
  readonly [field: string]: unknown;
}

export interface IdentityProvider {
  /** The issuer as configured; tokens name it in `iss`. */
  readonly issuer: string;
  /**
   * The public keys that the issuer publishes now, without keys for encryption and secret keys. Throws `OidcUnavailable`
   * with the address and the cause.
   */
  fetchKeys(): Promise<readonly PublicKey[]>;
}
