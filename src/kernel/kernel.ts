import { Children } from './children.js';
import { FileRights } from './file-rights.js';
import { FileStatus } from './file-status.js';
import { Libc } from './libc.js';
import { MessageReceiver } from './message-receiver.js';
import { PeerCredentials } from './peer-credentials.js';
import { Pidfds } from './pidfd.js';
import { SealedFiles } from './sealed-file.js';
import { UnixSockets } from './unix-socket.js';

/** The facilities of the kernel that the door and the measurement share. */
export interface Kernel {
  readonly libc: Libc;
  readonly sockets: UnixSockets;
  readonly credentials: PeerCredentials;
  readonly receiver: MessageReceiver;
  readonly pidfds: Pidfds;
  readonly files: FileStatus;
  readonly rights: FileRights;
  readonly sealed: SealedFiles;
  readonly children: Children;
}

/** Binds them. About a millisecond; once a process is enough. */
export function openKernel(): Kernel {
  const libc = new Libc();
  return {
    libc,
    sockets: new UnixSockets(libc),
    credentials: new PeerCredentials(libc),
    receiver: new MessageReceiver(libc),
    pidfds: new Pidfds(libc),
    files: new FileStatus(libc),
    rights: new FileRights(libc),
    sealed: new SealedFiles(libc),
    children: new Children(libc),
  };
}
