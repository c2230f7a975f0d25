// What the lines know of the installation.

export interface Installation {
  /** Of the API, without a slash at the end. */
  readonly url: string;
  readonly needsToken: boolean;
  /** Named by an administrator; undefined: that of the token. */
  readonly tenant: string | undefined;
}
