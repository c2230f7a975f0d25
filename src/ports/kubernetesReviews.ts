// Who the user of a Kubernetes token is and what that user may do. The questions are asked with the token itself, so Genwarden
// needs no rights in the cluster.

export interface KubernetesUser {
  readonly name: string;
  /** Of a service account: the namespace it is in. */
  readonly namespace: string | undefined;
}

/** A right on the custom resources. */
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
 * question.
 */
export interface KubernetesReviews {
  /** Undefined when the API server does not accept the token. */
  userOf(token: string): Promise<KubernetesUser | undefined>;
  /** Throws `Unauthorized` when the token has become invalid. */
  isAllowed(token: string, right: ScopedRight): Promise<boolean>;
}
