// What an aggregated API asks of the Kubernetes API server: whom to trust as front proxy, whether a user may do something, and
// the certificate to serve with.

export interface KubeUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A right on a resource, as RBAC knows it. */
export interface ResourceAccess {
  readonly verb: 'get' | 'list' | 'watch' | 'delete';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Undefined: in all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

export interface AccessReviews {
  /** Throws `KubernetesUnavailable`. */
  isAllowed(user: KubeUser, access: ResourceAccess): Promise<boolean>;
}

/** From the ConfigMap `extension-apiserver-authentication`. Names of headers are in lower case. */
export interface FrontProxy {
  /** PEM: the authorities of the proxy's client certificate. */
  readonly clientCa: string;
  /** Common names that the certificate may have; empty: any. */
  readonly allowedNames: readonly string[];
  readonly userHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

/** PEM. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface ApiDelegation extends AccessReviews {
  /** Throws `KubeError`, also if the API server has no aggregation layer. */
  frontProxy(): Promise<FrontProxy>;
  /** Undefined until the secret has a certificate. Throws `KubeError`. */
  servingCertificate(): Promise<ServingCertificate | undefined>;
  close(): void;
}
