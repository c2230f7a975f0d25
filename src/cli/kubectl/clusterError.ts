// Converts errors of the Kubernetes API into catalogue errors that name the failed action.

import { GenwardenError } from '../../job/errors/index.ts';
import { KubeError } from '../../ports/kubernetes.ts';

/** `action` completes "may not …" and "Could not …", such as `list pods in namespace x`. */
export function clusterError(error: unknown, action: string): GenwardenError {
  if (error instanceof GenwardenError) return error;
  const { status, reason, message } = error instanceof KubeError ? error : unexpected(error);
  if (reason === 'NoCredentials') return new GenwardenError('ClusterForbidden', message, { cause: error });
  if (status === 401) {
    const rejected = `The API server rejected the kubeconfig's credentials, which are needed to ${action}: ${message}`;
    return new GenwardenError('ClusterForbidden', rejected, { cause: error });
  }
  if (status === 403) {
    const forbidden = `The kubeconfig's user may not ${action}: ${message}`;
    return new GenwardenError('ClusterForbidden', forbidden, { cause: error });
  }
  const why = status === 0 ? message : `${status} ${message}`;
  return new GenwardenError('ClusterUnreachable', `Could not ${action}: ${why}`, { cause: error });
}

const unexpected = (error: unknown): KubeError =>
  new KubeError(0, 'Unknown', (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!);
