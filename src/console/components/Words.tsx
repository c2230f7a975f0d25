// A sentence of the API, with its commands and names as code.

import { partsOf } from './words.ts';

export function Words({ text }: { text: string }) {
  return <>{partsOf(text).map((part, at) => (part.isCode ? <code key={at}>{part.text}</code> : part.text))}</>;
}
