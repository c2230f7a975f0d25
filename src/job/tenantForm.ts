// The form of a tenant's name, which may be the name of a Kubernetes namespace.

export const tenantForm = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
