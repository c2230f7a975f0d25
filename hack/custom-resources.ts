// Writes the CustomResourceDefinitions from the operator's schemas, and the page about them: `node hack/custom-resources.ts`.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { definitions, type Definition } from './resources/definitions.ts';
import { resourcesPage } from './resources/page.ts';

const folder = new URL('../charts/genwarden/files/crds/', import.meta.url);
const examples = new URL('../examples/kubernetes/', import.meta.url);
const page = new URL('../docs/custom-resources.md', import.meta.url);

/** The files below charts/genwarden/files/crds as they should be, by name. */
export function definitionFiles(): ReadonlyMap<string, string> {
  return new Map(definitions().map((each) => [`${each.spec.names.plural}.yaml`, yamlOf(each)]));
}

/** docs/custom-resources.md as it should be, but for the spaces that pad its tables. */
export function pageText(): string {
  const names = readdirSync(examples).toSorted();
  return resourcesPage(new Map(names.map((name) => [name, readFileSync(new URL(name, examples), 'utf8')])));
}

function yamlOf(definition: Definition): string {
  const text = stringify(definition, { lineWidth: 120, singleQuote: true, aliasDuplicateObjects: false });
  return `# Written by hack/custom-resources.ts from src/operator/resources/.\n${text}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of definitionFiles()) writeFileSync(new URL(name, folder), text);
  writeFileSync(page, pageText());
}
