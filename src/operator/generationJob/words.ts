// Sentences of a status, short enough that the whole of it stays small in etcd.

/** Bytes of one message as JSON: four of them and all the rest stay under 4 KiB. */
const most = 512;

/** The text, cut at the end where it is too long. */
export function brief(text: string): string {
  if (bytesOf(text) <= most) return text;
  const characters = Array.from(text.slice(0, most));
  while (bytesOf(`${characters.join('')}…`) > most) characters.pop();
  return `${characters.join('')}…`;
}

const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(text));

export const isoTime = (ms: number): string => new Date(ms).toISOString();
