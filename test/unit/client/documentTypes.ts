// Turns the schemas of an OpenAPI document into TypeScript types, as text that the compiler can compare with the client's.

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

export interface Operation {
  readonly parameters?: readonly { in: string; name: string; schema: Schema }[];
  readonly requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Schema }>> }>>;
}

/** A code of a later version is a string too, so the client's type is open. */
const openEnum = '#/components/schemas/ErrorCode';

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/**
 * Each JSON schema of the document as a type, by its place: `POST /v1/jobs body`, `GET /v1/jobs 200`, `GET /v1/jobs query`. All
 * problems have one type: `Problem`.
 */
export function documentTypes(document: OpenApiDocument): Map<string, string> {
  const types = new Map<string, string>();
  const typeOf = (schema: Schema): string => typeText(schema, document);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { parameters = [], requestBody, responses }] of Object.entries(methods)) {
      const operation = `${method.toUpperCase()} ${path}`;
      const query = parameters.filter((parameter) => parameter.in === 'query');
      // Whether a parameter may be left out is not compared: the document requires lists that may be empty.
      const fields = query.map(({ name, schema }) => `${JSON.stringify(name)}?: ${typeOf(schema)}`);
      if (fields.length > 0) types.set(`${operation} query`, `{ ${fields.join('; ')} }`);
      const body = requestBody?.content['application/json'];
      if (body !== undefined) types.set(`${operation} body`, typeOf(body.schema));
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const [json, problem] = [content['application/json'], content['application/problem+json']];
        if (json !== undefined && json.schema.format !== 'binary')
          types.set(`${operation} ${status}`, typeOf(json.schema));
        if (problem !== undefined) types.set('Problem', typeOf(problem.schema));
      }
    }
  }
  return types;
}

function typeText(schema: Schema, document: OpenApiDocument): string {
  const { $ref, type, enum: choices, anyOf, items } = schema;
  if ($ref === openEnum) return 'string';
  if ($ref !== undefined) return typeText(document.components.schemas[$ref.split('/').at(-1)!]!, document);
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice)).join(' | ');
  if (anyOf !== undefined) return `(${anyOf.map((one) => typeText(one, document)).join(' | ')})`;
  if (Array.isArray(type))
    return `(${type.map((one: string) => typeText({ ...schema, type: one }, document)).join(' | ')})`;
  switch (type) {
    case undefined:
      return 'Json';
    case 'array':
      return `(${typeText(items ?? {}, document)})[]`;
    case 'object':
      return objectText(schema, document);
    case 'integer':
      return 'number';
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return type;
    default:
      throw new Error(`no TypeScript type is known for ${JSON.stringify(schema)}`);
  }
}

function objectText({ properties, required = [], additionalProperties }: Schema, document: OpenApiDocument): string {
  if (properties === undefined) {
    const values = typeof additionalProperties === 'object' ? typeText(additionalProperties, document) : 'Json';
    return `{ [key: string]: ${values} }`;
  }
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeText(schema, document)}`,
  );
  return `{ ${fields.join('; ')} }`;
}
