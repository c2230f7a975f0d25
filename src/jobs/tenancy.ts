// Which tenant's jobs a request is about.

/** All of them, as `Genwarden-Namespace: *` asks; the name of no tenant. */
export const everyTenant = '*';

/** None of them: of who may see workers but no jobs. */
export const noTenant = '';

/** Does a request that is about `tenant` see a job of tenant `owner`? */
export function sees(tenant: string, owner: string | undefined): boolean {
  return tenant === everyTenant || tenant === owner;
}
