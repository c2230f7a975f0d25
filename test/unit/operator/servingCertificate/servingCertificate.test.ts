// The certificate of the aggregated API: made once, renewed in time, and trusted before it is used.
import { X509Certificate } from 'node:crypto';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { issueCertificate } from '../../../../src/adapters/x509/index.ts';
import type { OperatorContext } from '../../../../src/operator/context.ts';
import { servingCertificateController } from '../../../../src/operator/servingCertificate/controller.ts';

const day = 86_400_000;

interface Stored {
  data?: Record<string, string>;
  spec?: { caBundle?: string };
}

function world() {
  const objects: Record<string, Stored | undefined> = { Secret: {}, APIService: {} };
  const writes: string[] = [];
  const time = { now: Date.parse('2026-11-29T12:00:00Z') };
  const cluster = {
    get: async ({ kind }: { kind: string }) => objects[kind],
    apply: async ({ kind }: { kind: string }, object: Stored) => {
      writes.push(kind);
      objects[kind] = object;
    },
  };
  const context = {
    cluster,
    clock: { now: () => time.now },
    namespace: 'gw',
    logger: pino({ level: 'silent' }),
  } as unknown as OperatorContext;
  const served = { name: 'jobs-v1alpha1.genwarden.dev', secret: 'tls', service: 'jobs-api', issue: issueCertificate };
  const controller = servingCertificateController(served)(context);
  const decoded = (text = ''): string => Buffer.from(text, 'base64').toString();
  return {
    objects,
    time,
    /** The kinds that this reconcile wrote, in order. */
    reconcile: async () => {
      writes.length = 0;
      await controller.reconcile({ namespace: 'gw', name: 'tls' }, new AbortController().signal);
      return [...writes];
    },
    certificate: () => new X509Certificate(decoded(objects['Secret']?.data?.['tls.crt'])),
    bundle: () => decoded(objects['APIService']?.spec?.caBundle),
    authorities: () => decoded(objects['Secret']?.data?.['ca.crt']),
  };
}

test('the first certificate is for the service, and the API server trusts its authority first', async () => {
  const { reconcile, certificate, bundle, authorities } = world();
  expect(await reconcile()).toEqual(['APIService', 'Secret']);
  expect(certificate().checkHost('jobs-api.gw.svc')).toBe('jobs-api.gw.svc');
  expect(certificate().verify(new X509Certificate(bundle()).publicKey)).toBe(true);
  expect(bundle()).toBe(authorities());
  expect(await reconcile()).toEqual([]);
});

test('a renewal keeps the authority of the certificate that is still in use', async () => {
  const { reconcile, certificate, bundle, time } = world();
  await reconcile();
  const [first, authority] = [certificate(), bundle()];
  time.now += 59 * day;
  expect(await reconcile()).toEqual([]);
  time.now += 2 * day;
  expect(await reconcile()).toEqual(['APIService', 'Secret']);
  expect(certificate().fingerprint256).not.toBe(first.fingerprint256);
  expect(bundle()).toContain(authority.trim());
  expect(bundle().match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  // The next renewal drops the oldest.
  time.now += 61 * day;
  await reconcile();
  expect(bundle()).not.toContain(authority.trim());
});

test.each(['tls.crt', 'tls.key', 'ca.crt'])('without %s the certificate is made again', async (entry) => {
  const { reconcile, objects } = world();
  await reconcile();
  delete objects['Secret']!.data![entry];
  expect(await reconcile()).toEqual(['APIService', 'Secret']);
});

test('a lost caBundle is written again, and nothing before both objects exist', async () => {
  const { reconcile, objects } = world();
  await reconcile();
  objects['APIService'] = {};
  expect(await reconcile()).toEqual(['APIService']);
  objects['APIService'] = undefined;
  expect(await reconcile()).toEqual([]);
});
