// An HTTP server on this machine whose answers a fake gives.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export abstract class FakeServer implements AsyncDisposable {
  readonly #server: Server;

  /** `create` makes the server: by default one without TLS. */
  constructor(create: (answer: RequestListener) => Server = createServer) {
    this.#server = create((request, response) => void this.answer(request, response));
  }

  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void>;

  /** `port` 0: any free port. */
  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.listening ? this.close() : Promise.resolve();
  }
}
