import { openKernel } from '../../src/kernel/kernel.js';
import { SocketPair } from '../../src/kernel/socket-pair.js';

/** Whether this kernel lets a socket bar descriptors, which is since Linux 6.16: then their sender hears EPERM. */
export function canBarDescriptors(): boolean {
  const kernel = openKernel();
  using pair = SocketPair.open(kernel);
  return kernel.sockets.passRights(pair.near, false);
}
