// Errors of the Kubernetes API, as the plugin reports them.
import { expect, test } from 'vitest';
import { clusterError } from '../../../../src/cli/kubectl/clusterError.ts';
import { GenwardenError } from '../../../../src/job/errors/index.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';

test.each([
  [
    new KubeError(401, 'Unauthorized', 'no'),
    'ClusterForbidden',
    /^The API server rejected .* needed to list pods: no$/,
  ],
  [new KubeError(403, 'Forbidden', 'no'), 'ClusterForbidden', /^The kubeconfig's user may not list pods: no$/],
  [new KubeError(0, 'NoCredentials', 'no credentials'), 'ClusterForbidden', /^no credentials$/],
  [new KubeError(0, 'Unreachable', 'GET /x: refused'), 'ClusterUnreachable', /^Could not list pods: GET \/x: refused$/],
  [new KubeError(500, 'InternalError', 'oops'), 'ClusterUnreachable', /^Could not list pods: 500 oops$/],
  [new Error('first\nsecond'), 'ClusterUnreachable', /^Could not list pods: first$/],
])('%s', (error, code, message) => {
  expect(clusterError(error, 'list pods')).toMatchObject({ code, message: expect.stringMatching(message) as string });
});

test('an error of the catalogue stays as it is', () => {
  const error = new GenwardenError('InstallationNotFound', 'none');
  expect(clusterError(error, 'list pods')).toBe(error);
});
