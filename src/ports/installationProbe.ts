// Checks the foundation of an installation for `genwarden doctor`: the NATS server, the stream, and the leader.

export interface NatsStatus {
  /** The version of the connected server. */
  readonly version: string;
  /** The duration of one request, ms. */
  readonly roundTripMs: number;
  /** The problem with the stream's settings, as text; undefined if they are suitable. */
  readonly unsuitable: string | undefined;
  readonly replicas: number;
  /** File storage that the account uses and may use, bytes; a limit of -1 means no limit. */
  readonly storage: { readonly used: number; readonly limit: number };
}

export interface InstallationProbe {
  /** Throws `Unavailable`. */
  nats(): Promise<NatsStatus>;
  /** The name of the leading controller; undefined if no controller leads. Throws `Unavailable`. */
  leader(): Promise<string | undefined>;
}
