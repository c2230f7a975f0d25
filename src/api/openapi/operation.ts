// One route as an operation of the OpenAPI document.

import { z } from 'zod';
import { linkParameter } from '../../jobs/links.ts';
import { examples } from './examples.ts';
import type { AnswerHeader } from './headers.ts';
import type { JsonSchema, SchemaComponents } from './jsonSchema.ts';
import { problemAnswers } from './problemAnswers.ts';
import { reference } from './reference.ts';
import type { DocumentedRoute } from './route.ts';

/** Throws if the route lacks a part that every operation has. */
export function operationOf(route: DocumentedRoute, components: SchemaComponents, withOidc = false): object {
  const { operationId, summary, tags } = route.schema;
  if (operationId === undefined || summary === undefined || tags === undefined) {
    throw new Error(`${route.method} ${route.url} has no operationId, summary or tags for the OpenAPI document`);
  }
  const parameters = parametersOf(route, components);
  const body = requestBodyOf(route, components);
  return {
    operationId,
    summary,
    description: descriptionOf(route),
    tags: [...tags],
    security: securityOf(route, withOidc),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...answersOf(route, components), ...problemAnswers(route) },
  };
}

function descriptionOf({ schema: { description }, config: { scope, readableByLink } }: DocumentedRoute): string {
  const orLink = readableByLink === true ? ', or a signed link to the job' : '';
  const access = scope === undefined ? 'Needs no token.' : `Needs a token with the scope \`${scope}\`${orLink}.`;
  return description === undefined ? access : `${description}\n\n${access}`;
}

/** Since OpenAPI 3.1, schemes of every type list the roles that an operation needs. */
function securityOf({ config: { scope, readableByLink } }: DocumentedRoute, withOidc: boolean): object[] {
  if (scope === undefined) return [];
  return [
    { token: [scope] },
    ...(withOidc ? [{ oidc: [scope] }] : []),
    ...(readableByLink === true ? [{ link: [] }] : []),
  ];
}

function parametersOf({ schema, config }: DocumentedRoute, components: SchemaComponents): object[] {
  const places = { path: schema.params, query: schema.querystring, header: schema.headers };
  const parameters = Object.entries(places).flatMap(([place, each]) =>
    each instanceof z.ZodType ? parametersIn(place, components.of(each, 'input')) : [],
  );
  return config.scope === undefined ? parameters : [...parameters, reference('parameters', 'Namespace')];
}

function parametersIn(place: string, { properties = {}, required = [] }: JsonSchema): object[] {
  // A security scheme describes the signature of a link.
  const described = Object.entries(properties as Record<string, JsonSchema>).filter(
    ([name]) => place !== 'query' || name !== linkParameter,
  );
  return described.map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: (required as string[]).includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

/** A body is optional if its schema accepts an empty one, which is how an absent body is read. */
function requestBodyOf({ schema }: DocumentedRoute, components: SchemaComponents): object | undefined {
  const { body, consumes, operationId } = schema;
  if (consumes !== undefined) {
    const bytes = { schema: { type: 'string', format: 'binary' } };
    return { required: true, content: Object.fromEntries(consumes.map((type) => [type, bytes])) };
  }
  if (!(body instanceof z.ZodType)) return undefined;
  const named = examples[operationId!]?.body;
  return {
    required: !body.safeParse({}).success,
    content: {
      'application/json': { schema: components.of(body, 'input'), ...(named === undefined ? {} : { examples: named }) },
    },
  };
}

function answersOf({ schema }: DocumentedRoute, components: SchemaComponents): Record<string, object> {
  const response = (schema.response ?? {}) as Record<string, unknown>;
  const statuses = Object.keys(response).filter((status) => /^[23]/.test(status));
  return Object.fromEntries(
    statuses.map((status) => {
      const { says, headers = [] } = schema.answers?.[Number(status)] ?? {};
      const each = response[status];
      const text = says ?? (each as { description?: string }).description ?? 'The answer.';
      const named = examples[schema.operationId!]?.[Number(status)];
      const content = contentOf(each, components, named);
      return [
        status,
        { description: text, headers: headersOf(headers), ...(content === undefined ? {} : { content }) },
      ];
    }),
  );
}

const headersOf = (names: readonly AnswerHeader[]): object =>
  Object.fromEntries(['X-Request-Id', ...names].map((name) => [name, reference('headers', name)]));

function contentOf(answer: unknown, components: SchemaComponents, named: object | undefined): object | undefined {
  const withExamples = named === undefined ? {} : { examples: named };
  if (answer instanceof z.ZodUndefined) return undefined;
  if (answer instanceof z.ZodType) {
    return { 'application/json': { schema: components.of(answer, 'output'), ...withExamples } };
  }
  const { content } = answer as { content: Record<string, { schema: z.ZodType; event?: z.ZodType }> };
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, event }]) => {
      const events = event === undefined ? {} : eventsOf(type, components.of(event, 'output'));
      return [type, { schema: { ...components.of(schema, 'output'), ...events }, ...withExamples }];
    }),
  );
}

/** OpenAPI 3.1 describes a stream as text, and JSON Schema what the text holds. */
const eventsOf = (type: string, event: JsonSchema): JsonSchema => ({
  contentMediaType: type,
  contentSchema: { type: 'array', items: event },
});
