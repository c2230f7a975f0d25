// Pods that Pod Security "restricted" admits, for tests that need their own pod.
import { genwardenImage } from './images.ts';
import type { Any } from './kubectl.ts';

export interface PodOptions {
  name: string;
  /** Arguments of the image's entrypoint. */
  args?: readonly string[];
  /** Replaces the entrypoint. */
  command?: readonly string[];
  /** Default: the application. */
  image?: string;
  env?: Record<string, string>;
  labels?: Record<string, string>;
}

/** Runs once, with a read-only root, a writable /tmp and no service account token. */
export function restrictedPod({ name, args, command, image = genwardenImage, env = {}, labels = {} }: PodOptions): Any {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'Never',
          ...(command === undefined ? {} : { command }),
          ...(args === undefined ? {} : { args }),
          env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  };
}
