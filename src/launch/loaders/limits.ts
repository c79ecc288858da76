/** One thing that is not with a loader as it is without. */
export interface LoaderLimit {
  readonly of: 'Node' | 'Python' | 'bash' | 'sh';
  readonly limit: string;
}

/** Everything known to differ between a script run by a loader and the same script run from disk; a test pins each row. */
export const LOADER_LIMITS: readonly LoaderLimit[] = [
  { of: 'Node', limit: '`process.execArgv` begins with `--disable-sigusr1`' },
  { of: 'Node', limit: 'descriptors 3 and 4, close-on-exec, stay open' },
  {
    of: 'Node',
    limit: 'a worker thread with `execArgv` of its own, and every forked process, reads the entry from disk',
  },
  {
    of: 'Node',
    limit: 'modules that the definition names with `--require` run before the daemon has noted the process',
  },
  { of: 'Node', limit: '`require` does not look into `~/.node_modules` and `~/.node_libraries`' },
  { of: 'Node', limit: 'hooks of `module.register()` and `--loader` do not see the entry' },
  {
    of: 'Python',
    limit: 'processes that multiprocessing starts by spawn or forkserver read the script from disk',
  },
  {
    of: 'Python',
    limit:
      'two frames of the loader lie below the script, and the recursion limit is reached so much earlier',
  },
  { of: 'Python', limit: '`linecache`, and what it imports, is loaded already' },
  {
    of: 'Python',
    limit: 'up to 3.12, an exception that ends a thread is shown with the lines of the file on disk',
  },
  {
    of: 'Python',
    limit: 'a script that cannot be decoded, or is badly indented, is refused in slightly other words',
  },
  {
    of: 'Python',
    limit: 'packages that the user has installed for itself are not found (`-s`), which `sys.flags` says',
  },
  { of: 'Python', limit: 'zip archives and bytecode do not run' },
  { of: 'Python', limit: '`sitecustomize` and `.pth` files run before the daemon has noted the process' },
  {
    of: 'bash',
    limit: '`BASH_SOURCE`, and the beginning of messages, is `/proc/self/fd/4`; `$0` is the script',
  },
  { of: 'bash', limit: 'with `-x` or `-v` before the script, the lines of the loader are shown as well' },
  { of: 'bash', limit: 'what stands behind a NUL byte is not read' },
  { of: 'bash', limit: 'before 5.0, `$-` has a `c`, and `return` outside of functions ends the script' },
  { of: 'sh', limit: '`$-` may have a `c`, and messages may say `eval`' },
  { of: 'sh', limit: 'with `-x` or `-v` before the script, the lines of the loader are shown as well' },
];
