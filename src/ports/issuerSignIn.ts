// Signing people in at the OpenID Connect issuer: by the authorization code flow with PKCE, from the API's server.

export interface IssuerSignIn {
  /**
   * The address at the issuer to send the browser to, and what to keep until it comes back to `callback`. Throws
   * `OidcUnavailable`.
   */
  start(callback: string): Promise<{ readonly url: string; readonly kept: KeptSignIn }>;
  /**
   * The tokens of the person, once the browser has come back to `cameTo`, which is `callback` with the issuer's answer as its
   * query. Throws `SignInFailed` with what the issuer says, or `OidcUnavailable`.
   */
  finish(cameTo: string, kept: KeptSignIn): Promise<SignInTokens>;
  /** New tokens for a refresh token. Throws `SignInFailed` if it is no longer valid, or `OidcUnavailable`. */
  renew(refreshToken: string): Promise<SignInTokens>;
}

/** Proves that the sign-in comes back to the browser that started it. */
export interface KeptSignIn {
  readonly state: string;
  readonly verifier: string;
}

export interface SignInTokens {
  readonly accessToken: string;
  /** Absent: the issuer gives none, or the last one stays valid. */
  readonly refreshToken?: string;
}
