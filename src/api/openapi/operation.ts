// One route as an operation of the OpenAPI document.

import { z } from 'zod';
import { linkParameter } from '../../jobs/links.ts';
import { examples } from './examples.ts';
import { commonHeaders, type AnswerHeader } from './headers.ts';
import type { JsonSchema, SchemaComponents } from './jsonSchema.ts';
import { needsOneNamespace, problemAnswers } from './problemAnswers.ts';
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
  if (config.scope === undefined) return parameters;
  return [...parameters, reference('parameters', needsOneNamespace(config) ? 'OneNamespace' : 'Namespace')];
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
      const { says, headers = [], links = [] } = schema.answers?.[Number(status)] ?? {};
      const content = contentOf(response[status], components, examples[schema.operationId!]?.[Number(status)]);
      const answer = {
        description: says ?? 'The answer.',
        headers: headersOf(headers),
        ...(content === undefined ? {} : { content }),
        ...(links.length === 0 ? {} : { links: linksTo(links) }),
      };
      return [status, answer];
    }),
  );
}

const headersOf = (names: readonly AnswerHeader[]): object =>
  Object.fromEntries([...commonHeaders, ...names].map((name) => [name, reference('headers', name)]));

/** What a client can do next with the job of the answer. */
const linksTo = (operations: readonly string[]): object =>
  Object.fromEntries(
    operations.map((operationId) => [operationId, { operationId, parameters: { id: '$response.body#/id' } }]),
  );

function contentOf(answer: unknown, components: SchemaComponents, named: object | undefined): object | undefined {
  if (answer instanceof z.ZodUndefined) return undefined;
  const content =
    answer instanceof z.ZodType
      ? { 'application/json': { schema: answer } }
      : (answer as { content: Record<string, { schema: z.ZodType }> }).content;
  const withExamples = named === undefined ? {} : { examples: named };
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema }]) => [
      type,
      { schema: components.of(schema, 'output'), ...withExamples },
    ]),
  );
}
