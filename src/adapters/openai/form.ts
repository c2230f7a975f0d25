// The multipart body of an edit, without a copy of the images in it: the SDK makes a form with a short file in place of each image,
// and the body that is sent holds the image's bytes instead.

import { randomUUID } from 'node:crypto';
import { PiecewiseBody, type Attachments, type Piece } from '../provider/requestBody.ts';

export interface FormAttachments extends Attachments {
  /** The file for the SDK's form, which stands for the bytes. */
  file(name: string, mediaType: string, bytes: Uint8Array): File;
}

/** For one call. The bytes must not change until it has been sent. */
export function formAttachments(): FormAttachments {
  const images = new Map<string, Uint8Array>();
  const mark = (bytes: Uint8Array): string => {
    const name = randomUUID();
    images.set(name, bytes);
    return name;
  };
  return {
    mark,
    file: (name, type, bytes) => new File([mark(bytes)], name, { type }),
    attached: async (init) => {
      if (!(init?.body instanceof FormData)) return init;
      const boundary = `genwarden-${randomUUID()}`;
      const pieces = await Promise.all(Array.from(init.body, ([name, value]) => partOf(name, value, boundary, images)));
      const headers = new Headers(init.headers);
      headers.set('content-type', `multipart/form-data; boundary=${boundary}`);
      const body = new PiecewiseBody([...pieces.flat(), `--${boundary}--\r\n`]);
      return { ...init, headers, body };
    },
  };
}

async function partOf(
  name: string,
  value: string | File,
  boundary: string,
  images: ReadonlyMap<string, Uint8Array>,
): Promise<Piece[]> {
  const start = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
  if (typeof value === 'string') return [`${start}\r\n\r\n${value}\r\n`];
  const raw = images.get(await value.text());
  if (raw === undefined) throw new Error(`the form has an unknown file, ${value.name}`);
  return [`${start}; filename="${value.name}"\r\nContent-Type: ${value.type}\r\n\r\n`, { raw }, '\r\n'];
}
