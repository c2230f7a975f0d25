// Identifies the user of a Kubernetes token and checks that user's permissions. The requests use the token itself, so Genwarden
// needs no permissions in the cluster.

export interface KubernetesUser {
  readonly name: string;
  /** The namespace of a service account. */
  readonly namespace: string | undefined;
}

/** A permission on the custom resources. */
export interface Right {
  readonly verb: 'list' | 'create' | 'update' | 'delete';
  readonly resource: 'generationjobs' | 'workerpools';
}

export interface ScopedRight extends Right {
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
}

/**
 * Both calls throw `KubernetesUnavailable` when the API server does not answer, and `Forbidden` when it refuses the
 * review.
 */
export interface KubernetesReviews {
  /** Undefined when the API server does not accept the token. */
  userOf(token: string): Promise<KubernetesUser | undefined>;
  /** Throws `Unauthorized` when the token has become invalid. */
  isAllowed(token: string, right: ScopedRight): Promise<boolean>;
}
