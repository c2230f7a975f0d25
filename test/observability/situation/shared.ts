// The situation that the test files of a run share. The first file that asks for it starts it, in the process of the run.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { GenwardenClient } from '../../../src/client/index.ts';
import { prometheusQueries, type PrometheusQueries } from '../../support/prometheusQueries.ts';
import { startSituation, type Facts, type Situation } from './situation.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the facts once the situation is there. */
    situationUrl?: string;
  }
}

export interface SharedSituation {
  /** Only for reads. */
  readonly prometheus: PrometheusQueries;
  readonly client: GenwardenClient;
  readonly facts: Facts;
}

/** Takes about a minute for the first file that asks. */
export async function sharedSituation(): Promise<SharedSituation> {
  const response = await fetch(inject('situationUrl')!);
  const body = await response.text();
  if (!response.ok) throw new Error(`the shared situation could not be made: ${body}`);
  const facts = JSON.parse(body) as Facts;
  const client = new GenwardenClient({ url: facts.apiUrl });
  return { prometheus: prometheusQueries(facts.prometheusUrl), client, facts };
}

/** Global set-up of the run. */
export default async function serveSituation(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<Situation> | undefined;
  const server = createServer((_, response) => {
    started ??= startSituation();
    started.then(
      ({ facts }) => response.end(JSON.stringify(facts)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('situationUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return () => end(server, started);
}

async function end(server: Server, started: Promise<Situation> | undefined): Promise<void> {
  server.closeAllConnections();
  server.close();
  const situation = await started?.catch(() => undefined);
  await situation?.[Symbol.asyncDispose]();
}
