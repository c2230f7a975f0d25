// Gemini's REST interface: generateContent in its three framings, and the list of models.

import { imageModels, parseGenerateRequest, textModels, type Called } from './generateRequest.ts';
import { badKey, GoogleError, missingKey, modelNotFound } from './googleError.ts';
import { errorReply, refuse, replyTo, type Packing } from './reply.ts';
import { readBody, type Desk, type Dialect, type Exchange } from '../dialect.ts';
import { jsonReply, type Reply } from '../reply.ts';

/** Answers every path that no other dialect has, with Google's errors. */
export const gemini: Dialect = { answer: route, errorReply };

const largestBody = 100 * 1024 * 1024;

async function route(exchange: Exchange, desk: Desk): Promise<Reply> {
  const found = /^\/([^/]+)\/models(?:\/([^/:]+))?(?::(\w+))?$/.exec(exchange.url.pathname);
  const [, version = '', model, call] = found ?? [];
  if (found !== null && exchange.method === 'GET' && call === undefined) return await models(exchange, desk, model);
  if (exchange.method !== 'POST' || model === undefined) throw new GoogleError(404, 'Requested entity was not found.');
  const name = { version, model: decodeURIComponent(model) };
  if (call === 'generateContent') return await generate(exchange, desk, name, 'body');
  if (call !== 'streamGenerateContent') throw new GoogleError(404, `models/${name.model} does not support ${call}.`);
  return await generate(exchange, desk, name, exchange.url.searchParams.get('alt') === 'sse' ? 'events' : 'array');
}

async function generate(exchange: Exchange, desk: Desk, called: Called, packing: Packing): Promise<Reply> {
  const { version, model } = called;
  const key = keyOf(exchange);
  const request = parseGenerateRequest(called, await readBody(exchange.request, largestBody));
  const { prompt, seed, references } = request;
  const record = desk.begin(exchange, key, { version, model, prompt, seed, references: references.length });
  checkKey(key, desk);
  const behaviour = desk.choice.forPrompt(prompt, key, model);
  record.behaviour = behaviour.kind;
  const [reply] = await Promise.all([
    replyTo(request, behaviour, packing, desk.painter).catch(errorReply),
    desk.takeTime(behaviour, exchange.signal),
  ]);
  return reply;
}

/** Clients check a key for free with the list of models, so errors and hangs apply here too. */
async function models(exchange: Exchange, desk: Desk, model: string | undefined): Promise<Reply> {
  const key = keyOf(exchange);
  checkKey(key, desk);
  const behaviour = desk.choice.forKey(key);
  refuse(behaviour, model ?? '');
  await desk.takeTime(behaviour, exchange.signal);
  const described = [...imageModels, ...textModels].map(describeModel);
  const delivery = behaviour.kind === 'hang' ? 'never' : 'whole';
  if (model === undefined) return { ...jsonReply(200, pageOf(described, exchange.url.searchParams)), delivery };
  const found = described.find((one) => one.name === `models/${model}`);
  if (found === undefined) throw modelNotFound(model);
  return { ...jsonReply(200, found), delivery };
}

/** As the real service does: 50 models a page unless `pageSize` says otherwise, and 1,000 at most. */
function pageOf(all: readonly object[], parameters: URLSearchParams): object {
  const pageSize = Number(parameters.get('pageSize') ?? 0);
  if (!Number.isInteger(pageSize) || pageSize < 0) throw new GoogleError(400, 'Request contains an invalid argument.');
  const from = Number(parameters.get('pageToken') ?? 0) || 0;
  const next = from + Math.min(pageSize === 0 ? 50 : pageSize, 1_000);
  return { models: all.slice(from, next), ...(next < all.length ? { nextPageToken: String(next) } : {}) };
}

function checkKey(key: string, desk: Desk): void {
  const problem = desk.keyProblem(key);
  if (problem !== undefined) throw problem === 'missing' ? missingKey() : badKey();
}

function keyOf({ request, url }: Exchange): string {
  const header = request.headers['x-goog-api-key'];
  return typeof header === 'string' ? header : (url.searchParams.get('key') ?? '');
}

function describeModel(name: string): { name: string; supportedGenerationMethods: string[] } {
  return { name: `models/${name}`, supportedGenerationMethods: ['generateContent', 'streamGenerateContent'] };
}
