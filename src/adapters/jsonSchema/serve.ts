// What a thread runs: compiles schemas and checks values, one request at a time. The last schemas stay compiled.

import type { MessagePort } from 'node:worker_threads';
import type { JsonObject, JsonValue } from '../../job/task.ts';
import type { SchemaProblem } from '../../ports/schemaChecker.ts';
import { compileSchema, type Compiled } from './compile.ts';
import { tooDeep, type Answer, type Message, type Request } from './messages.ts';

const mostCompiled = 16;

export function serve(port: MessagePort): void {
  const compiled = new Map<string, Compiled>();
  port.on('message', (request: Request) => send(port, answerTo(request, compiled)));
  send(port);
}

function send(port: MessagePort, answer?: Answer): void {
  const { user, system } = process.threadCpuUsage?.() ?? {};
  const cpuMs = user === undefined || system === undefined ? undefined : (user + system) / 1_000;
  port.postMessage({ ...(answer === undefined ? {} : { answer }), cpuMs } satisfies Message);
}

function answerTo({ schema, value }: Request, compiled: Map<string, Compiled>): Answer {
  const { problems, check } = compiledOnce(schema, compiled);
  if (problems !== undefined) return { problems };
  if (value === undefined) return { problem: undefined };
  try {
    return { problem: check(JSON.parse(value) as JsonValue) };
  } catch (error) {
    // Of a value whose nesting exceeds the thread's stack, that is what is wrong.
    return error instanceof RangeError ? { problem: tooDeep } : { problems: [failedWith(error)] };
  }
}

function compiledOnce(schema: string, all: Map<string, Compiled>): Compiled {
  const made = all.get(schema) ?? compileSafely(JSON.parse(schema) as JsonObject);
  all.delete(schema);
  all.set(schema, made);
  if (all.size > mostCompiled) all.delete(all.keys().next().value!);
  return made;
}

function compileSafely(schema: JsonObject): Compiled {
  try {
    return compileSchema(schema);
  } catch (error) {
    if (error instanceof RangeError) return { problems: [{ path: '', message: 'is nested too deeply to be checked' }] };
    return { problems: [failedWith(error)] };
  }
}

/** A failure of ajv comes again with each attempt. */
const failedWith = (error: unknown): SchemaProblem => ({
  path: '',
  message: `cannot be checked: ${(error instanceof Error ? error.message : String(error)).slice(0, 200)}`,
});
