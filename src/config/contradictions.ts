// Settings that are valid alone but contradict each other, or are not available yet.

import type { Command, ResolvedSetting } from './setting.ts';

/** The contradictions, one problem each; `command` adds the checks for that command. */
export function contradictions(resolved: readonly ResolvedSetting[], command?: Command): string[] {
  const text = (name: string): string | undefined => resolved.find(({ definition }) => definition.name === name)?.text;
  return [
    ...together('NATS_USER', 'NATS_PASSWORD', text),
    ...together('NATS_SYSTEM_USER', 'NATS_SYSTEM_PASSWORD', text),
    ...together('NATS_TLS_CERT', 'NATS_TLS_KEY', text),
    ...(text('NATS_CREDS') !== undefined && text('NATS_USER') !== undefined
      ? ['GENWARDEN_NATS_CREDS, GENWARDEN_NATS_USER: two ways to log in to NATS; unset one']
      : []),
    ...(text('AUTH_KUBERNETES') === 'on' && text('AUTH') === 'off'
      ? ['GENWARDEN_AUTH=off, GENWARDEN_AUTH_KUBERNETES=on: with GENWARDEN_AUTH=off no token is checked; unset one']
      : []),
    ...(text('ARTIFACT_STORE') === 's3'
      ? ['GENWARDEN_ARTIFACT_STORE=s3: is not available in this version; allowed: nats']
      : []),
    ...(command === 'api' || command === 'dev' ? openToAll(text, command) : []),
  ];
}

type TextOf = (name: string) => string | undefined;

function together(one: string, other: string, text: TextOf): string[] {
  if ((text(one) === undefined) === (text(other) === undefined)) return [];
  const [set, missing] = text(one) === undefined ? [other, one] : [one, other];
  return [`GENWARDEN_${set}: requires GENWARDEN_${missing}, which is not set`];
}

function openToAll(text: TextOf, command: Command): string[] {
  const host = text('HTTP_HOST') ?? '';
  if (isLoopback(host) || text('AUTH') === 'off' || text('AUTH_TOKENS_FILE') !== undefined) return [];
  if (text('AUTH_KUBERNETES') === 'on' && command === 'api') return [];
  return [
    `GENWARDEN_HTTP_HOST=${host}: is not a loopback address, and without GENWARDEN_AUTH_TOKENS_FILE anyone could use ` +
      'the API; allowed: 127.0.0.1, ::1, localhost, or set GENWARDEN_AUTH_TOKENS_FILE, GENWARDEN_AUTH_KUBERNETES=on or GENWARDEN_AUTH=off',
  ];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
