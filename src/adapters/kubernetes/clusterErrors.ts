// What a Kubernetes API server refuses, or that it does not answer, as an error of the catalogue.

import { GenwardenError } from '../../job/errors/index.ts';

/** `doing` ends the sentence "… could not be done", such as `list pods in namespace x`. */
export function clusterError(error: unknown, doing: string): GenwardenError {
  if (error instanceof GenwardenError) return error;
  const status = statusOf(error);
  const why = messageOf(error);
  if (status === 401) {
    const message = `The cluster does not take the kubeconfig's credentials, needed to ${doing}: ${why}`;
    return new GenwardenError('ClusterForbidden', message, { cause: error });
  }
  if (status === 403) {
    return new GenwardenError('ClusterForbidden', `The kubeconfig's user may not ${doing}: ${why}`, { cause: error });
  }
  const what = status === undefined ? why : `${status} ${why}`;
  return new GenwardenError('ClusterUnreachable', `The cluster could not ${doing}: ${what}`, { cause: error });
}

/** HTTP status of an answer; undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'number') return code;
  // So a refused WebSocket says it.
  const [, status] = /Unexpected server response: (\d{3})/.exec(String(message)) ?? [];
  return status === undefined ? undefined : Number(status);
}

/** The API server's own sentence, else the innermost one. Never the whole exception: it prints headers. */
function messageOf(error: unknown): string {
  const { body, cause, message } = error as { body?: unknown; cause?: unknown; message?: unknown };
  const told = typeof body === 'string' ? parse(body) : body;
  if (typeof told === 'object' && told !== null && 'message' in told) return String(told.message);
  if (cause instanceof Error && cause.message !== '') return cause.message;
  return (typeof message === 'string' ? message : 'no answer').split('\n', 1)[0]!;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
