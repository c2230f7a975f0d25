// Reads a multipart form, as strictly as the part of the standard that HTTP clients write.

import { OpenAIError } from './openaiError.ts';

export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly FormFile[];
}

export interface FormFile {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Throws OpenAIError 400 for anything but a whole form. */
export function formOf(contentType: string | undefined, body: Buffer): Form {
  const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)"?/.exec(contentType ?? '')?.[1];
  if (boundary === undefined) throw new OpenAIError(400, `Unsupported content type: '${contentType ?? ''}'.`);
  const fields = new Map<string, string>();
  const files: FormFile[] = [];
  for (const part of partsOf(body, Buffer.from(`--${boundary}`))) {
    const { field, name, type, bytes } = readPart(part);
    if (name !== undefined) files.push({ field, name, type: type ?? 'application/octet-stream', bytes });
    else if (fields.has(field)) throw new OpenAIError(400, `Duplicate parameter: '${field}'.`, { param: field });
    else fields.set(field, bytes.toString('utf8'));
  }
  return { fields, files };
}

/** The files of the fields. Throws OpenAIError 400 for a file of any other field. */
export function filesIn({ files }: Form, names: readonly string[]): readonly FormFile[] {
  const other = files.find(({ field }) => !names.includes(field));
  if (other === undefined) return files;
  const about = { param: other.field, code: 'unknown_parameter' };
  throw new OpenAIError(400, `Unknown parameter: '${other.field}'.`, about);
}

function partsOf(body: Buffer, boundary: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = body.indexOf(boundary);
  if (at !== 0) throw cutOff();
  for (;;) {
    const start = at + boundary.length;
    if (body.toString('latin1', start, start + 2) === '--') return parts;
    at = body.indexOf(Buffer.concat([Buffer.from('\r\n'), boundary]), start);
    if (at === -1) throw cutOff();
    parts.push(body.subarray(start + 2, at));
    at += 2;
  }
}

function readPart(part: Buffer): { field: string; name: string | undefined; type: string | undefined; bytes: Buffer } {
  const end = part.indexOf('\r\n\r\n');
  if (end === -1) throw cutOff();
  const head = part.toString('utf8', 0, end);
  const field = /^content-disposition: form-data;.*?\bname="([^"]*)"/im.exec(head)?.[1];
  if (field === undefined) throw cutOff();
  const name = /^content-disposition:.*\bfilename="([^"]*)"/im.exec(head)?.[1];
  const type = /^content-type:\s*(\S+)/im.exec(head)?.[1];
  return { field, name, type, bytes: part.subarray(end + 4) };
}

const cutOff = (): OpenAIError => new OpenAIError(400, 'Could not parse multipart form.');
