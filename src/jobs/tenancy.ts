// Which jobs a request may see.

/** The jobs of all tenants, requested with `Genwarden-Namespace: *`. No tenant has this name. */
export const everyTenant = '*';

/** No jobs at all, for callers that may only see workers. No tenant has this name. */
export const noTenant = '';

/** Whether a request made for `tenant` may see a job of the tenant `owner`. */
export function canSee(tenant: string, owner: string | undefined): boolean {
  return tenant === everyTenant || tenant === owner;
}
