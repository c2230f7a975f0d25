// Where the API is away: whether NATS answers this machine, with the settings that are set here.

import type { Check } from '../../client/index.ts';
import { loadSettings } from '../../config/load.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Io } from '../output/io.ts';

/** ms. */
const patience = 3_000;

export async function checkNatsFromHere({ env }: Pick<Io, 'env'>): Promise<Check> {
  const { nats } = loadSettings({ env, command: 'api' });
  const where = nats.urls.join(', ');
  // Only now: the other commands need no NATS client in their memory.
  const { connectNats } = await import('../../adapters/nats/index.ts');
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  try {
    const context = { signal: AbortSignal.timeout(patience), log: silent };
    const link = await connectNats({ ...nats, name: 'doctor' }, context);
    const version = link.connection.info?.version ?? 'unknown';
    await link.close();
    return { name: 'nats', ok: true, says: `${where} answers this machine, version ${version}`, advice: null };
  } catch (error) {
    const why = error instanceof GenwardenError ? error.message : `no answer within ${patience / 1_000} s`;
    const advice = 'Check GENWARDEN_NATS_URL, and that nats-server runs with JetStream; the API waits for it.';
    return { name: 'nats', ok: false, says: `${where}: ${why}`, advice };
  }
}
