// The frames of WebSockets (RFC 6455) as a server writes and reads them, unfragmented.

/** `opcode` 2 is binary, 8 closes. */
export function frame(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const head = size < 126 ? Buffer.alloc(2) : size < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  if (size < 126) head[1] = size;
  else if (size < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(size, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([head, payload]);
}

/** What Kubernetes sends on one of its channels. */
export const channelMessage = (channel: number, data: Buffer): Buffer =>
  frame(2, Buffer.concat([Buffer.from([channel]), data]));

/** Takes bytes of a client, in any pieces, and tells each whole frame. */
export function framesOf(tell: (opcode: number, payload: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const read = readFrame(rest);
      if (read === undefined) return;
      rest = rest.subarray(read.length);
      tell(read.opcode, read.payload);
    }
  };
}

function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  // Clients mask what they send.
  const start = 2 + extra + 4;
  if (bytes.length < start) return undefined;
  const size = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + size) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + size).map((byte, at) => byte ^ mask[at % 4]!));
  return { opcode: bytes[0]! & 0x0f, payload, length: start + size };
}
