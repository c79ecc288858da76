import type koffi from 'koffi';

const { createRequire } = process.getBuiltinModule('node:module');

/**
 * Native calls: the part of koffi that was built for this machine, without what it lies in. That loads a good part of
 * Node.js, and for each of those milliseconds a launched program is waited for.
 */
export function loadKoffi(): typeof koffi {
  const require = createRequire(import.meta.url);
  try {
    return createRequire(require.resolve('koffi'))(`@koromix/koffi-linux-${process.arch}`) as typeof koffi;
  } catch {
    // It was built when it was installed, and then lies where only koffi itself finds it.
    return require('koffi') as typeof koffi;
  }
}
