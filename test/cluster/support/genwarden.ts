// Installs Genwarden with its chart into a namespace of a test, with the stand-in for Gemini:
//   const namespace = testNamespace('workers');
//   let genwarden: InstalledGenwarden;
//   beforeAll(async () => { genwarden = await installGenwarden(namespace, { controller: { replicas: 1 } }); });
//   afterAll(() => genwarden?.uninstall());
// Then `genwarden.client` is the admin's HTTP client, through the Service.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GenwardenClient } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { printDiagnostics } from './diagnostics.ts';
import { chartFolder, helm, helmWith } from './helm.ts';
import { genwardenImage, natsImage } from './images.ts';
import { getObject, kubectl } from './kubectl.ts';
import { provideVolume, type TestVolume } from './volume.ts';

export type Values = { [key: string]: unknown };

export interface InstalledGenwarden {
  readonly namespace: string;
  readonly release: string;
  /** The prefix of all names: `<fullname>-api`, `<fullname>-nats` … */
  readonly fullname: string;
  /** Address of the API's Service. */
  readonly url: string;
  /** The admin's token, from the Secret that the chart created. */
  readonly token: string;
  readonly client: GenwardenClient;
  /** `helm upgrade --wait` with these values merged into those of the installation. */
  upgrade(values: Values): Promise<void>;
  uninstall(): Promise<void>;
}

/** Merges `values` into `testValues`. Resolves once everything is ready and the API answers; prints diagnostics on failure. */
export async function installGenwarden(
  namespace: string,
  values: Values = {},
  release = 'genwarden',
): Promise<InstalledGenwarden> {
  const fullname = release.includes('genwarden') ? release : `${release}-genwarden`;
  await applyDefinitions();
  const chosen = merge(testValues, values);
  const volumes = await natsVolumes(namespace, fullname, chosen);
  try {
    await helmWith(chosen, 'install', release, chartFolder, '-n', namespace, '--wait', '--timeout', '180s');
    return await reach({ namespace, release, fullname, volumes, chosen });
  } catch (error) {
    await printDiagnostics(namespace, 'Genwarden did not come up');
    throw error;
  }
}

/** One for each server of NATS, whose number is a value. */
function natsVolumes(namespace: string, fullname: string, { nats }: Values): Promise<TestVolume[]> {
  const servers = (nats as { replicas?: number }).replicas ?? 1;
  const claims = Array.from({ length: servers }, (_, index) => `data-${fullname}-nats-${index}`);
  return Promise.all(claims.map((claim) => provideVolume(namespace, claim)));
}

const [genwardenRepository, genwardenTag] = genwardenImage.split(':');
const [natsRepository, natsTag] = natsImage.split(':');

/** Uses the images of the test cluster, the stand-in, and CRDs that already exist (see `applyDefinitions`). */
export const testValues: Values = {
  image: { repository: genwardenRepository, tag: genwardenTag, pullPolicy: 'Never' },
  nats: { image: { repository: natsRepository, tag: natsTag, pullPolicy: 'Never' } },
  crds: { enabled: false },
  standin: { enabled: true },
};

/**
 * Applies the CRDs from the chart's files. They belong to the cluster, not to a release, so that several tests can install side by
 * side.
 */
export async function applyDefinitions(): Promise<void> {
  const folder = join(chartFolder, 'files/crds');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  for (const name of names) {
    await kubectl('apply', '--server-side', '--force-conflicts', '--field-manager=tests', '-f', join(folder, name));
  }
  await kubectl(
    'wait',
    '--for=condition=Established',
    'crd/generationjobs.genwarden.dev',
    'crd/generationschedules.genwarden.dev',
    'crd/workerpools.genwarden.dev',
  );
}

interface Parts {
  namespace: string;
  release: string;
  fullname: string;
  volumes: readonly TestVolume[];
  chosen: Values;
}

async function reach({ namespace, release, fullname, volumes, chosen }: Parts): Promise<InstalledGenwarden> {
  const { spec } = await getObject('service', `${fullname}-api`, namespace);
  const { data } = await getObject('secret', `${fullname}-api-token`, namespace);
  const url = `http://${spec.clusterIP}:${spec.ports[0].port}`;
  const token = Buffer.from(data.token, 'base64').toString();
  const client = new GenwardenClient({ url, token });
  await until(() => client.pools(), { what: 'an answer of the API', timeoutMs: 30_000, intervalMs: 200 });
  return {
    namespace,
    release,
    fullname,
    url,
    token,
    client,
    upgrade: async (values) => {
      const merged = merge(chosen, values);
      await helmWith(merged, 'upgrade', release, chartFolder, '-n', namespace, '--wait', '--timeout', '180s');
    },
    uninstall: async () => {
      await helm('uninstall', release, '-n', namespace, '--ignore-not-found', '--wait', '--timeout', '120s');
      await kubectl('delete', 'pvc', '--all', '-n', namespace, '--wait=false');
      for (const volume of volumes) await volume.remove();
    },
  };
}

/** Merges objects field by field; replaces all other values. */
function merge(base: Values, over: Values): Values {
  const isObject = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return merged;
}
