// The OpenAPI document of the API, from its routes.

import { z } from 'zod';
import { discoveryUrl } from '../../job/issuer.ts';
import { linkParameter } from '../../jobs/links.ts';
import { tenantForm } from '../../job/tenantForm.ts';
import { problemSchema } from '../problem.ts';
import { components as named } from './components.ts';
import { answerHeaders } from './headers.ts';
import { SchemaComponents } from './jsonSchema.ts';
import { operationOf } from './operation.ts';
import { problemExamples } from './problemAnswers.ts';
import { tags, type DocumentedRoute } from './route.ts';
import { documentedWebhooks } from './webhooks.ts';

export interface DocumentOptions {
  readonly version: string;
  /** Of the API; without one, the document's own server. */
  readonly publicUrl?: string | undefined;
  /** The OpenID Connect issuer whose tokens the API accepts. */
  readonly oidcIssuer?: string | undefined;
}

const description = `Runs slow, paid, failure-prone model calls as jobs that are never stuck.

Times are ISO 8601 in UTC. Durations in requests are strings such as \`500ms\`, \`30s\`, \`5m\`, \`1h30m\` or \`7d\`. Errors are
problem documents (RFC 9457) with a \`code\` of the error catalogue. Unknown fields and query parameters are rejected with 422
\`InvalidRequest\`, unknown paths with 404 \`RouteNotFound\`, and other methods with 405 \`MethodNotAllowed\`.

Later versions may add fields to answers, and states, codes and event types.`;

export function openApiDocument(routes: readonly DocumentedRoute[], options: DocumentOptions): object {
  const { version, publicUrl, oidcIssuer } = options;
  for (const [id, schema] of Object.entries(named)) z.globalRegistry.add(schema, { ...schema.meta(), id });
  const components = new SchemaComponents();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operationOf(route, components, oidcIssuer !== undefined),
    };
  }
  components.of(problemSchema, 'output');
  const webhooks = documentedWebhooks(components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Genwarden',
      version,
      summary: 'Slow, paid model calls as jobs that are never stuck.',
      description,
      contact: { name: 'Genwarden', url: 'https://genwarden.dev' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    externalDocs: { description: 'The documentation', url: 'https://genwarden.dev/docs' },
    // A relative URL is resolved against the document's own, so it also works behind a proxy.
    servers: [{ url: publicUrl ?? '/', description: 'This installation' }],
    tags: Object.entries(tags).map(([name, about]) => ({ name, description: about })),
    security: [{ token: [] }],
    paths,
    webhooks,
    components: {
      schemas: components.all(),
      parameters: { Namespace: namespaceParameter, OneNamespace: oneNamespaceParameter },
      headers: answerHeaders,
      examples: problemExamples(routes),
      securitySchemes: { token: tokenScheme, link: linkScheme, ...oidcScheme(oidcIssuer) },
    },
  };
}

const oneNamespaceParameter = {
  name: 'Genwarden-Namespace',
  in: 'header',
  required: false,
  description: "The tenant of the request; in Kubernetes, the namespace. Default: the token's.",
  schema: { type: 'string', maxLength: 63, pattern: tenantForm.source },
};

const namespaceParameter = {
  ...oneNamespaceParameter,
  description: `${oneNamespaceParameter.description} \`*\` is for all tenants, with the scope \`admin\`.`,
  schema: { type: 'string', maxLength: 63, pattern: `${tenantForm.source}|^\\*$` },
};

const linkScheme = {
  type: 'apiKey',
  in: 'query',
  name: linkParameter,
  description: 'The signature in the URLs of `createLinks`. It reads one job until it expires.',
};

const tokenScheme = {
  type: 'http',
  scheme: 'bearer',
  description:
    'A token with the scope `jobs:read`, `jobs:write` or `admin`, which allows both. An installation without authentication ignores it.',
};

const oidcScheme = (issuer: string | undefined): object =>
  issuer === undefined
    ? {}
    : {
        oidc: {
          type: 'openIdConnect',
          openIdConnectUrl: discoveryUrl(issuer),
          description: 'An access token (JWT) of the identity provider, with the same scopes.',
        },
      };
