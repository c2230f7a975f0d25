// The chart's files against the program: settings, versions, metrics; and that they name no one's registry.
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { settingDefinitions } from '../../../src/config/settings.ts';
import { filesUnder } from '../../tidy/repository.ts';
import { readChart, templates } from './files.ts';

const settings = new Set(settingDefinitions.flatMap(({ variable, fileVariable }) => [variable, fileVariable]));

describe('templates', () => {
  test('set only settings that exist', () => {
    const named = templates.flatMap(({ text }) => text.match(/\bGENWARDEN_[A-Z_]+\b/g) ?? []);
    expect(named.length).toBeGreaterThan(20);
    expect([...new Set(named)].filter((name) => !settings.has(name))).toEqual([]);
  });

  test('every setting of a process is set by a value, or left to extraEnv on purpose', () => {
    const text = templates.map((file) => file.text).join('\n');
    const ofProcesses = settingDefinitions.filter(({ usedBy }) =>
      usedBy.some((command) => ['api', 'worker', 'controller', 'operator'].includes(command)),
    );
    const unset = ofProcesses.map(({ variable }) => variable).filter((name) => !text.includes(name));
    expect(unset.filter((name) => !/_(GEMINI|OPENAI)_/.test(name)).sort()).toEqual(leftOut);
  });

  test('name objects by the one template, in the namespace of the release', () => {
    const objects = templates.filter(({ path }) => path.endsWith('.yaml')).map(({ path, text }) => ({ path, text }));
    const literal = objects.filter(({ text }) => /^ {2}name: (?!\{\{)/m.test(text)).map(({ path }) => path);
    expect(literal).toEqual([]);
  });
});

/** The ports are the chart's own; the operator gives each worker its pool. */
const leftOut = [
  'GENWARDEN_CONCURRENCY',
  'GENWARDEN_DRAIN_TIMEOUT',
  'GENWARDEN_HTTP_PORT',
  'GENWARDEN_JOBS_API_PORT',
  'GENWARDEN_KUBERNETES_URL',
  'GENWARDEN_METRICS_PORT',
  'GENWARDEN_OTEL_BSP_MAX_QUEUE_SIZE',
  'GENWARDEN_OTEL_BSP_SCHEDULE_DELAY',
  'GENWARDEN_OTEL_EXPORTER_OTLP_PROTOCOL',
  'GENWARDEN_OTEL_EXPORTER_OTLP_TIMEOUT',
  'GENWARDEN_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'GENWARDEN_OTEL_SDK_DISABLED',
  'GENWARDEN_OTEL_SERVICE_NAME',
  'GENWARDEN_OTEL_TRACES_EXPORTER',
  'GENWARDEN_POOL',
  'GENWARDEN_POOLS_FILE',
  'GENWARDEN_PROVIDER_CHECK',
];

test('the chart has the version of the program', () => {
  const { version, appVersion } = parse(readChart('Chart.yaml')) as { version: string; appVersion: string };
  expect({ version, appVersion }).toEqual({ version: packageJson.version, appVersion: packageJson.version });
});

test('no file names a registry of somebody', () => {
  const files = ['.yaml', '.tpl', '.txt', '.md', '.json'].flatMap((ending) =>
    ['charts', 'k8s'].flatMap((folder) => filesUnder(folder, ending)),
  );
  expect(files.length).toBeGreaterThan(30);
  const registry = /\b(?:ghcr\.io|docker\.io|quay\.io|gcr\.io|pkg\.dev|azurecr\.io|amazonaws\.com|reg\.local)\b/;
  expect(files.filter(({ text }) => registry.test(text)).map(({ path }) => path)).toEqual([]);
});

describe('the template of the PrometheusRule', () => {
  const template = readChart('templates/metrics/prometheusrule.yaml');
  const named = new Set(readChart('files/alerts.yaml').match(/%[A-Z_]+%/g));

  test('fills in everything that the rules leave open, and nothing else', () => {
    const filled = [...template.matchAll(/^ +"([A-Z_]+)" /gm)].map(([, name]) => `%${name}%`);
    expect(filled.sort()).toEqual([...named].sort());
  });
});
