// The contract of every provider with an SDK: references are sent piece by piece, and what has been sent is not kept.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { fakeSchemaChecker } from '../fakes/schemaChecker.ts';
import { contextOf, failureOf, forEachProvider } from './providers.ts';

const large = randomBytes(6_000_000);
const references = Array.from({ length: 40 }, () => ({ mediaType: 'image/png', bytes: large }));

forEachProvider(
  (bench) => {
    test.each(['image', 'text'] as const)(
      'the references of a task of kind %s take no memory of their size',
      async (kind) => {
        const used = Promise.withResolvers<{ after: number; received: number }>();
        const server = createServer((request, response) => {
          void (async () => {
            let received = 0;
            request.on('data', (piece: Buffer) => (received += piece.length));
            await once(request, 'end');
            used.resolve({ after: process.memoryUsage().arrayBuffers, received });
            response.writeHead(503).end();
          })();
        }).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
        const provider = bench.open({ baseUrl, schemas: fakeSchemaChecker() });
        const before = process.memoryUsage().arrayBuffers;
        const { error } = await failureOf(provider.generate(bench[kind]({}, { references }), contextOf()));
        server.closeAllConnections();
        server.close();
        const { after, received } = await used.promise;
        expect(error.code).toBe('ProviderUnavailable');
        expect(received).toBeGreaterThan(references.length * large.length);
        // The body has at least 240 MB. What the garbage collector has not freed yet grows to about 64 MB on either side.
        expect(after - before).toBeLessThan(160_000_000);
      },
    );
  },
  ({ sendsInPieces }) => sendsInPieces,
);
