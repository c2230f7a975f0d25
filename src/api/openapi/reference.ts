// References within the OpenAPI document.

export const reference = (kind: 'schemas' | 'headers' | 'examples' | 'parameters', name: string) => ({
  $ref: `#/components/${kind}/${name}`,
});
