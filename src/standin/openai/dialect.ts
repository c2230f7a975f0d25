// OpenAI's interface: images/generations, images/edits, responses, and the list of models.

import type { Desk, Dialect, Exchange } from '../dialect.ts';
import { readBody } from '../dialect.ts';
import type { Behaviour } from '../behaviour.ts';
import { jsonReply, type Reply } from '../reply.ts';
import type { StandinRequest } from '../requestLog.ts';
import { imageModels, parseEdit, parseGeneration } from './imageRequest.ts';
import { badKey, missingKey, modelNotFound, OpenAIError } from './openaiError.ts';
import { errorReply, imagesReply, refuse, responseReply } from './reply.ts';
import { parseResponseRequest, textModels } from './responseRequest.ts';

export const openai: Dialect = { answer: route, errorReply };

/** 16 images of 50 MB. */
const largestBody = 820_000_000;

/** Gemini's interface has a list of models at the same address; the header of the key tells them apart. */
function route(exchange: Exchange, desk: Desk): Promise<Reply> | undefined {
  const { pathname } = exchange.url;
  const isOwn = /^\/v1\/(?:images|responses|chat|completions)(?:\/|$)/.test(pathname);
  const isList = /^\/v1\/models(?:\/[^/:]+)?$/.test(pathname) && exchange.request.headers.authorization !== undefined;
  return isOwn || isList ? answer(exchange, desk) : undefined;
}

async function answer(exchange: Exchange, desk: Desk): Promise<Reply> {
  const { method, url } = exchange;
  if (method === 'GET') return await models(exchange, desk);
  if (method === 'POST' && url.pathname === '/v1/images/generations')
    return await images(exchange, desk, parseGeneration);
  if (method === 'POST' && url.pathname === '/v1/images/edits')
    return await images(exchange, desk, (body) => parseEdit(exchange.request.headers['content-type'], body));
  if (method === 'POST' && url.pathname === '/v1/responses') return await responses(exchange, desk);
  throw new OpenAIError(404, `Invalid URL (${method} ${url.pathname})`);
}

async function images(
  exchange: Exchange,
  desk: Desk,
  parse: (body: Buffer) => ReturnType<typeof parseGeneration>,
): Promise<Reply> {
  const key = keyOf(exchange);
  const request = parse(await readBody(exchange.request, largestBody));
  const imageUrl = `http://${exchange.request.headers.host ?? 'standin'}/standin/image`;
  return await handled(exchange, desk, { key, ...request }, (behaviour) =>
    imagesReply(request, behaviour, { painter: desk.painter, imageUrl }),
  );
}

async function responses(exchange: Exchange, desk: Desk): Promise<Reply> {
  const key = keyOf(exchange);
  const request = parseResponseRequest(await readBody(exchange.request, largestBody));
  return await handled(exchange, desk, { key, ...request }, (behaviour) =>
    responseReply(request, behaviour, desk.painter),
  );
}

interface Called {
  readonly key: string;
  readonly model: string;
  readonly prompt: string;
  readonly references: readonly Buffer[];
}

async function handled(
  exchange: Exchange,
  desk: Desk,
  { key, model, prompt, references }: Called,
  reply: (behaviour: Behaviour) => Promise<Reply>,
): Promise<Reply> {
  const fields = { version: 'v1', model, prompt, seed: undefined, references: references.length };
  const record: StandinRequest = desk.begin(exchange, key, fields);
  checkKey(key, desk);
  const behaviour = desk.choice.forPrompt(prompt, key, model);
  record.behaviour = behaviour.kind;
  const [made] = await Promise.all([reply(behaviour).catch(errorReply), desk.takeTime(behaviour, exchange.signal)]);
  return made;
}

/** Clients check a key for free with the list of models, so errors and hangs apply here too. */
async function models(exchange: Exchange, desk: Desk): Promise<Reply> {
  const key = keyOf(exchange);
  checkKey(key, desk);
  const behaviour = desk.choice.forKey(key);
  const model = /^\/v1\/models\/(.+)$/.exec(exchange.url.pathname)?.[1];
  refuse(behaviour, model ?? '');
  await desk.takeTime(behaviour, exchange.signal);
  const all = [...imageModels, ...textModels].map((id) => ({
    id,
    object: 'model',
    created: 1_750_000_000,
    owned_by: 'openai',
  }));
  const delivery = behaviour.kind === 'hang' ? 'never' : 'whole';
  if (model === undefined) return { ...jsonReply(200, { object: 'list', data: all }), delivery };
  const found = all.find(({ id }) => id === model);
  if (found === undefined) throw modelNotFound(model);
  return { ...jsonReply(200, found), delivery };
}

function checkKey(key: string, desk: Desk): void {
  const problem = desk.keyProblem(key);
  if (problem !== undefined) throw problem === 'missing' ? missingKey() : badKey(key);
}

function keyOf({ request }: Exchange): string {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
}
