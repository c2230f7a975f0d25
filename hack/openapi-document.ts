// Prints the OpenAPI document of this version without a running installation: `node hack/openapi-document.ts >openapi.json`.

import { apiWorld } from '../test/fakes/apiWorld.ts';

await using world = await apiWorld({ version: process.env['npm_package_version'] ?? '0.1.0' });
const document: unknown = (await world.get('/openapi.json')).json;
console.log(JSON.stringify(document, null, 2));
