// Takes the place of the official NATS chart, which a test cluster cannot download: the objects that it makes of the values and the
// configuration in docs/kubernetes-production.md, as far as Genwarden depends on them.

import { natsImage } from './images.ts';
import { restrictedPod } from './pod.ts';

/** The values of the page that are read; each must be there. */
export interface DocumentedNats {
  readonly config: {
    readonly cluster: { readonly replicas: number };
    readonly jetstream: { readonly fileStore: { readonly maxSize: string } };
    readonly nats: { readonly tls: { readonly enabled: boolean; readonly secretName: string } };
    /** `00$include` names the file of `genwardenConf`; other keys are settings, in the chart's `<< … >>`. */
    readonly merge: Readonly<Record<string, string>>;
  };
  readonly container: { readonly env: Readonly<Record<string, object>> };
}

/** A StatefulSet `nats` with its services; its volumes are temporary. */
export function natsObjects({ config, container }: DocumentedNats, genwardenConf: string): object[] {
  const { replicas } = config.cluster;
  const labels = { app: 'nats' };
  const servers = Array.from({ length: replicas }, (_, index) => `nats://nats-${index}.nats-headless:6222`);
  const { '00$include': included, ...settings } = config.merge;
  const { secretName, enabled } = config.nats.tls;
  const dir = '/etc/nats-certs/nats';
  const conf = [
    'server_name: $SERVER_NAME',
    'port: 4222',
    'http_port: 8222',
    `jetstream { store_dir: /tmp/js, max_file_store: ${config.jetstream.fileStore.maxSize} }`,
    `cluster { name: nats, port: 6222, no_advertise: true, routes: [${servers.join(', ')}] }`,
    ...(enabled ? [`tls { cert_file: ${dir}/tls.crt, key_file: ${dir}/tls.key }`] : []),
    ...Object.entries(settings).map(([name, value]) => `${name}: ${value.replaceAll(/^<< | >>$/g, '')}`),
    `include ${included}`,
  ];
  const { spec } = restrictedPod({ name: 'nats', image: natsImage, args: ['-c', '/etc/nats-config/nats.conf'] });
  const [main] = spec.containers;
  main.env = [
    { name: 'SERVER_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...Object.entries(container.env).map(([name, source]) => ({ name, ...source })),
  ];
  main.readinessProbe = { httpGet: { path: '/healthz?js-server-only=true', port: 8222 }, periodSeconds: 1 };
  main.volumeMounts.push({ name: 'config', mountPath: '/etc/nats-config' }, { name: 'tls', mountPath: dir });
  spec.volumes.push({ name: 'config', configMap: { name: 'nats-config' } }, { name: 'tls', secret: { secretName } });
  spec.restartPolicy = 'Always';
  return [
    object('v1', 'ConfigMap', 'nats-config', {
      data: { 'nats.conf': `${conf.join('\n')}\n`, 'genwarden.conf': genwardenConf },
    }),
    object('v1', 'Service', 'nats', { spec: { selector: labels, ports: [{ port: 4222 }] } }),
    object('v1', 'Service', 'nats-headless', {
      spec: { selector: labels, clusterIP: 'None', publishNotReadyAddresses: true, ports: [{ port: 6222 }] },
    }),
    object('apps/v1', 'StatefulSet', 'nats', {
      spec: {
        serviceName: 'nats-headless',
        replicas,
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    }),
  ];
}

const object = (apiVersion: string, kind: string, name: string, rest: object): object => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
});
