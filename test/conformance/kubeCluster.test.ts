// The fake cluster behaves like a real API server: `test/cluster/kube.test.ts` runs the same suite on a real one.
import { randomBytes } from 'node:crypto';
import { FakeCluster } from '../fakes/cluster.ts';
import { kubeClusterSuite } from './kubeCluster.ts';

kubeClusterSuite(async () => {
  const cluster = new FakeCluster();
  cluster.compact();
  cluster.install({ group: 'nobody.genwarden.dev', version: 'v1', kind: 'Nothing', plural: 'nothings' }, false);
  return { cluster, namespace: `t${randomBytes(4).toString('hex')}` };
});
