// The least that an API of jobs on JetStream can do: validate, and publish to a subject that must be new. `bareApi.ts URL`.

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { serveRoute } from './route.ts';

const connection = await connect({ servers: process.argv[2]! });
const jsm = await jetstreamManager(connection, { checkAPI: false });
await jsm.streams.add({ name: 'bare', subjects: ['bare.>'], allow_direct: true });
const js = jetstream(connection);

await serveRoute((id, job) =>
  js.publish(`bare.spec.${id}.0`, JSON.stringify(job), {
    expect: { lastSubjectSequence: 0, lastSubjectSequenceSubject: `bare.*.${id}.*` },
  }),
);
