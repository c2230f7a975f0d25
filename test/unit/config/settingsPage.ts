// The tables of docs/configuration.md, one for each topic, generated from the setting definitions.

import { providerNames, titleOf } from '../../../src/job/providers.ts';
import type { SettingDefinition } from '../../../src/config/setting.ts';

/** The first pattern that matches a variable, without `GENWARDEN_`, decides its topic. */
const topics: readonly (readonly [title: string, variables: RegExp])[] = [
  ['Local development', /^(?:NATS_SERVER|DATA_DIR|STANDIN_LATENCY)$/],
  ['NATS', /^NATS_/],
  ['HTTP API', /^(?:HTTP_|PUBLIC_URL|CORS_|CONSOLE$)/],
  ['Authentication of the API', /^(?:AUTH|OIDC_)/],
  ['Webhooks', /^WEBHOOK_/],
  ['Workers and pools', /^(?:POOL|CONCURRENCY|DRAIN_|PROVIDER_CHECK)/],
  ['Jobs and recovery', /^(?:HEARTBEAT_|RETENTION|RECONNECT_|ARTIFACT_)/],
  ['S3 artifact store', /^S3_/],
  ...providerNames.map((name) => [titleOf(name), new RegExp(`^${name.toUpperCase()}_`)] as const),
  ['Kubernetes', /^(?:KUBERNETES_|NAMESPACE|INSTALLATION|WATCH_|JOBS_API_|DEFAULT_POOL_|WORKER_TEMPLATE_)/],
  ['Metrics and logs', /^(?:METRICS_|LOG_)/],
  ['Traces', /^(?:OTEL_|TRACE_)/],
  ['Client commands', /^(?:URL|TOKEN)$/],
];

const shown = [
  'NATS',
  'HTTP API',
  'Authentication of the API',
  'Jobs and recovery',
  'S3 artifact store',
  'Workers and pools',
];

export function settingsTables(definitions: readonly SettingDefinition[]): string {
  const titles = [...shown, ...topics.map(([title]) => title).filter((title) => !shown.includes(title))];
  return titles
    .map((title) => `### ${title}\n\n${table(definitions.filter((each) => topicOf(each) === title))}`)
    .join('\n\n');
}

/** Throws for a setting without a topic. */
function topicOf({ variable }: SettingDefinition): string {
  const topic = topics.find(([, variables]) => variables.test(variable.replace('GENWARDEN_', '')));
  if (topic === undefined) throw new Error(`${variable} has no topic in docs/configuration.md`);
  return topic[0];
}

function table(definitions: readonly SettingDefinition[]): string {
  const head = ['| variable | flag | default | used by | meaning |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...definitions.map(row)].join('\n');
}

function row(definition: SettingDefinition): string {
  const { variable, fileVariable, aliases, flag, usedBy, description, allowed } = definition;
  const variables = [variable, fileVariable, ...(aliases ?? [])].filter((name) => name !== undefined);
  const byDefault = definition.default === undefined ? 'unset' : code(definition.default.replaceAll(',', '`, `'));
  const meaning = ['any text', 'a path', 'a secret'].includes(allowed) ? description : `${description}: ${allowed}`;
  return `| ${[variables.map(code).join(', '), code(flag), byDefault, usedBy.join(', '), meaning].join(' | ')} |`;
}

const code = (text: string): string => `\`${text}\``;
