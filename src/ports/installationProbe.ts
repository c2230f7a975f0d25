// Checks the foundation of an installation for `genwarden doctor`: the NATS server, the stream, and the leader.

export interface NatsStatus {
  /** The connected server: its address, and its name if it has one. */
  readonly server: string;
  /** The addresses of the settings, without logins. */
  readonly addresses: readonly string[];
  /** The version of the connected server. */
  readonly version: string;
  /** The duration of one request, ms. */
  readonly roundTripMs: number;
  /** The problem with the stream's settings, as text; undefined if they are suitable. */
  readonly unsuitable: string | undefined;
  /** Settings of the stream that differ from this process's, because NATS refused them or nobody has applied them yet. */
  readonly kept?: readonly { readonly says: string; readonly advice: string }[];
  readonly replicas: number;
  /** How long the stream keeps messages, ms; undefined: without limit, or unknown. */
  readonly maxAgeMs: number | undefined;
  /** File storage that the account uses and may use, bytes; a limit of -1 means no limit. */
  readonly storage: { readonly used: number; readonly limit: number };
  /** The bucket of artifacts, bytes; undefined if there is none, as with S3. */
  readonly artifacts?: { readonly used: number; readonly limit: number } | undefined;
}

export interface InstallationProbe {
  /** Without asking anything: the addresses of the settings, and the server of the last connection. */
  where?(): { readonly addresses: readonly string[]; readonly server: string };
  /** Throws `Unavailable`. */
  nats(): Promise<NatsStatus>;
  /** The name of the leading controller; undefined if no controller leads. Throws `Unavailable`. */
  leader(): Promise<string | undefined>;
}
