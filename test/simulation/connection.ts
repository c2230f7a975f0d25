// The server's ends of connections, and who listens over them.

/** The server's end of a process's connection. */
export interface Connection {
  deliver(run: () => void): void;
  lose(reason: string): void;
  stalled(): void;
}

/** A subscriber to core messages and its connection. */
export interface Listener<T> {
  readonly link: Connection;
  readonly hear: (message: T) => void;
}
