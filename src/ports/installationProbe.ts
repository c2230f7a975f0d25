// A look at what the installation stands on, for people who check it: the NATS server, the stream, and who leads.

export interface NatsStatus {
  /** Of the server connected to. */
  readonly version: string;
  /** Of one request, ms. */
  readonly roundTripMs: number;
  /** What is wrong with the stream's settings, in words; undefined where it fits. */
  readonly unsuitable: string | undefined;
  readonly replicas: number;
  /** Bytes of file storage that the account uses, and may use (-1: as much as there is). */
  readonly storage: { readonly used: number; readonly limit: number };
}

export interface InstallationProbe {
  /** Throws `Unavailable`. */
  nats(): Promise<NatsStatus>;
  /** The controller that leads, by name; undefined where none does. Throws `Unavailable`. */
  leader(): Promise<string | undefined>;
}
