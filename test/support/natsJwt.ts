// A nats-server in operator mode: accounts and users are signed JWTs, and users log in with credentials files. The forms are those
// that `nsc` writes.

import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

export interface OperatorMode {
  /** For the configuration of the server. */
  readonly config: string;
  /** The text of a new user's credentials file; `expiresAt` in seconds since 1970. */
  creds(expiresAt?: number): { readonly text: string; readonly user: string };
}

/** An account with JetStream, beside the system account. */
export function operatorMode(): OperatorMode {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const preload = [accountJwt(operator, system, 'SYS', {}), accountJwt(operator, account, 'APP', jetStreamLimits)];
  const [systemKey, accountKey] = [system.getPublicKey(), account.getPublicKey()];
  const config = `
operator: ${jwt(operator, operator, 'test', { type: 'operator', version: 2, system_account: systemKey })}
system_account: ${systemKey}
resolver: MEMORY
resolver_preload: { ${systemKey}: ${preload[0]}, ${accountKey}: ${preload[1]} }
`;
  return {
    config,
    creds: (expiresAt) => {
      const user = nkeys.createUser();
      const claims = { type: 'user', version: 2, pub: {}, sub: {}, subs: -1, data: -1, payload: -1 };
      return { text: credsFile(jwt(account, user, 'genwarden', claims, expiresAt), user), user: user.getPublicKey() };
    },
  };
}

const jetStreamLimits = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

function accountJwt(operator: KeyPair, account: KeyPair, name: string, more: object): string {
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const limits = { ...unlimited, ...more };
  return jwt(operator, account, name, {
    type: 'account',
    version: 2,
    limits,
    default_permissions: { pub: {}, sub: {} },
  });
}

function jwt(signer: KeyPair, subject: KeyPair, name: string, nats: object, exp?: number): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { iat, iss: signer.getPublicKey(), name, sub: subject.getPublicKey(), nats };
  const jti = createHash('sha512-256').update(JSON.stringify(claims)).digest('hex');
  const parts = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { jti, ...claims, ...(exp === undefined ? {} : { exp }) },
  ];
  const signed = parts.map((part) => base64url(JSON.stringify(part))).join('.');
  return `${signed}.${base64url(signer.sign(new TextEncoder().encode(signed)))}`;
}

const base64url = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64url');

const credsFile = (userJwt: string, user: KeyPair): string => `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`;
