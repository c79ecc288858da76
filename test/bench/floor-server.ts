// What grpc-js alone can do: a server that answers the same calls with a constant of the same size. The floor of the benches.
import { Server, ServerCredentials } from '@grpc/grpc-js';

const raw = (bytes: Buffer): Buffer => bytes;
const serialisers = {
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
};
const X509_BYTES = 1_250;
const JWT_BYTES = 420;

const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(
  {
    FetchX509SVID: {
      path: '/SpiffeWorkloadAPI/FetchX509SVID',
      requestStream: false,
      responseStream: true,
      ...serialisers,
    },
    FetchJWTSVID: {
      path: '/SpiffeWorkloadAPI/FetchJWTSVID',
      requestStream: false,
      responseStream: false,
      ...serialisers,
    },
  },
  {
    FetchX509SVID: (call: { write: (bytes: Buffer) => void }) => call.write(Buffer.alloc(X509_BYTES, 1)),
    FetchJWTSVID: (_: unknown, done: (error: null, bytes: Buffer) => void) =>
      done(null, Buffer.alloc(JWT_BYTES, 1)),
  },
);
server.bindAsync(`unix://${process.argv[2] ?? ''}`, ServerCredentials.createInsecure(), () => {
  process.stdout.write('listening\n');
});
