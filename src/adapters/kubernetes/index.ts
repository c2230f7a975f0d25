// The Kubernetes adapter: one HTTP client under objects, informers, token reviews, pod logs and port-forwards.

export { KubeClient } from './client.ts';
export { openDelegation } from './delegation.ts';
export { informerFactory } from './informer.ts';
export { Kubeconfig, loadKubeconfig } from './kubeconfig.ts';
export { apiServerAddress, installationNamespace } from './podEnvironment.ts';
export { openTunnel } from './portForward.ts';
export { openReviews } from './reviews.ts';
