// Large uploads share room: a further one waits with its body unread, and small ones and other calls go on.
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { photo } from '../../support/pictures.ts';

const mib = 1024 * 1024;
/** The photograph with bytes behind it, which decoders ignore. */
const large = Buffer.concat([photo, Buffer.alloc(20 * mib - photo.length)]);

/** Sends the header of an upload of 20 MiB, and the beginning of its body. */
async function beginUpload(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const header = `POST /v1/artifacts HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: image/jpeg\r\ncontent-length: ${large.length}\r\n\r\n`;
  socket.write(header);
  socket.write(large.subarray(0, 1_000));
  return socket;
}

async function answerTo(socket: Socket): Promise<string> {
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString('latin1').split('\r\n', 1)[0]!;
}

async function listening(world: ApiWorld): Promise<number> {
  await world.api.listen({ port: 0, host: '127.0.0.1' });
  return (world.api.server.address() as AddressInfo).port;
}

test('uploads beyond the room wait until another one ends or leaves', async () => {
  await using world = await apiWorld();
  const port = await listening(world);
  const url = `http://127.0.0.1:${port}/v1/artifacts`;
  const headers = { 'content-type': 'image/jpeg' };
  const begun = await Promise.all(Array.from({ length: 6 }, () => beginUpload(port)));
  let isOver = false;
  const waiting = fetch(url, { method: 'POST', headers, body: large }).finally(() => (isOver = true));
  // Small ones do not wait. They take longer together than the large one takes without a bound.
  for (let count = 0; count < 60; count += 1) {
    expect((await fetch(url, { method: 'POST', headers, body: photo })).status).toBe(201);
  }
  expect((await world.get('/v1/jobs')).status).toBe(200);
  expect(isOver).toBe(false);
  begun[0]!.destroy();
  expect((await waiting).status).toBe(201);
  const next = fetch(url, { method: 'POST', headers, body: large });
  begun[1]!.write(large.subarray(1_000));
  expect(await answerTo(begun[1]!)).toBe('HTTP/1.1 201 Created');
  expect((await next).status).toBe(201);
  for (const socket of begun) socket.destroy();
});

test('a large submit waits for room too, and gives it back before its job has ended', async () => {
  await using world = await apiWorld();
  const port = await listening(world);
  const body = JSON.stringify({
    kind: 'image',
    input: {
      prompt: 'x',
      references: [{ mediaType: 'image/jpeg', data: large.subarray(0, 6 * mib).toString('base64') }],
    },
  });
  const submit = (query = '') =>
    fetch(`http://127.0.0.1:${port}/v1/jobs${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const begun = await Promise.all(Array.from({ length: 6 }, () => beginUpload(port)));
  let isOver = false;
  const waiting = submit().finally(() => (isOver = true));
  // Other requests do not wait. They take longer together than the large submit takes without a bound.
  for (let count = 0; count < 60; count += 1) {
    const upload = { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body: photo };
    expect((await fetch(`http://127.0.0.1:${port}/v1/artifacts`, upload)).status).toBe(201);
  }
  expect(isOver).toBe(false);
  begun[0]!.destroy();
  begun[1]!.destroy();
  expect((await waiting).status).toBe(202);
  // Each takes a quarter of the room: held until their jobs end, they would keep the last one out.
  const held = Array.from({ length: 4 }, () => submit('?wait=60s'));
  expect((await submit()).status).toBe(202);
  for (const socket of begun) socket.destroy();
  await world.api.close();
  for (const answer of held) expect((await answer).status).toBe(202);
});
