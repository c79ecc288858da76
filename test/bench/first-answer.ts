// Waits for a socket to answer its first FetchX509SVID, and says when that was.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { connect } from 'node:net';

const socket = process.argv[2] ?? '';
const header = new Metadata();
header.set('workload.spiffe.io', 'true');
const raw = (bytes: Buffer): Buffer => bytes;

function untilThere(): Promise<void> {
  return new Promise((resolve) => {
    const attempt = connect(socket, () => {
      attempt.destroy();
      resolve();
    });
    attempt.on('error', () => setTimeout(() => void untilThere().then(resolve), 1));
  });
}

process.stdout.write('waiting\n');
await untilThere();
const client = new Client(`unix://${socket}`, credentials.createInsecure());
const call = client.makeServerStreamRequest(
  '/SpiffeWorkloadAPI/FetchX509SVID',
  raw,
  raw,
  Buffer.alloc(0),
  header,
);
call.once('data', () => {
  process.stdout.write(`${JSON.stringify({ at: Date.now() })}\n`);
  process.exit();
});
call.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
