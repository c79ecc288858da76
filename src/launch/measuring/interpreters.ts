/** Programs that run scripts, of those that Spoor understands. */
export type Interpreter = 'node' | 'python' | 'deno' | 'bun' | 'ruby' | 'java' | 'bash' | 'sh';

/** Options of one letter, which may stand together behind one dash. */
export interface Letters {
  readonly flags: string;
  /** Take a value: what is left of the element, if `valueMayAttach`, else the next element. */
  readonly withValue: string;
  /** Take what is left of the element, be it nothing. */
  readonly attached: string;
  readonly valueMayAttach: boolean;
}

/** How an interpreter reads its command line, up to the script. */
export interface Grammar {
  readonly interpreter: Interpreter;
  /** File names under which it is installed. */
  readonly names: RegExp;
  /** A first argument that may stand before the options: `deno run`. */
  readonly subcommand?: string;
  /** The option whose value is the script; else the script is the first element that is no option. */
  readonly scriptOption?: string;
  /** What a dash alone means. */
  readonly dash: 'stdin' | 'end of options';
  /** Options may also begin with a plus. */
  readonly plus?: boolean;
  /** Options whose value is the next element, or stands behind an equals sign. */
  readonly withValue: ReadonlySet<string>;
  /** Options without a value, or with one behind an equals sign; a star at the end stands for anything. */
  readonly flags: readonly string[];
  readonly letters?: Letters;
  /** Options with which something else than a script runs, or the script runs elsewhere; the rest of the sentence. */
  readonly instead: ReadonlyMap<string, string>;
  /** Options may be written with underscores for dashes. */
  readonly underscores?: boolean;
  /** True: an option that is not named here takes no value. */
  readonly unknownIsFlag?: boolean;
}

const CODE = 'takes the code itself from the command line';
const MODULE = 'names a module and no file';
const NO_RUN = 'does not run a script';
const RESTARTS = 'starts the script in other processes';
const PROMPT = 'opens a prompt';

const list = (text: string): readonly string[] => text.trim().split(/\s+/u);
const set = (text: string): ReadonlySet<string> => new Set(list(text));
const all = (text: string, reason: string): readonly (readonly [string, string])[] =>
  list(text).map((option) => [option, reason]);

const NODE: Grammar = {
  interpreter: 'node',
  names: /^node(?:js)?(?:-?\d+)?$/u,
  dash: 'stdin',
  // Those that Node 22 to 26 list with a value in `node --help`; engine flags take theirs behind an equals sign only.
  withValue: set(`-r --require --import --loader --experimental-loader -C --conditions --allow-fs-read
    --allow-fs-write --cpu-prof-dir --cpu-prof-interval --cpu-prof-name --debug-port --diagnostic-dir --disable-proto
    --disable-warning --dns-result-order --env-file --env-file-if-exists --experimental-config-file
    --experimental-default-type --experimental-package-map --experimental-sea-config --heap-prof-dir
    --heap-prof-interval --heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal --icu-data-dir
    --input-type --inspect-port --inspect-publish-uid --localstorage-file --max-http-header-size
    --max-old-space-size-percentage --network-family-autoselection-attempt-timeout --openssl-config
    --redirect-warnings --report-dir --report-directory --report-filename --report-signal --secure-heap
    --secure-heap-min --title --tls-cipher-list --tls-keylog --trace-event-categories --trace-event-file-pattern
    --trace-require-module --unhandled-rejections --use-largepages --v8-pool-size --vfs-load --vfs-mount
    --watch-kill-signal --bench-isolation --bench-name-pattern --bench-reporter --bench-reporter-destination
    --bench-samples --bench-warmup --experimental-test-isolation --experimental-test-tag-filter --test-concurrency
    --test-coverage-branches --test-coverage-exclude --test-coverage-functions --test-coverage-include
    --test-coverage-lines --test-global-setup --test-isolation --test-name-pattern --test-random-seed --test-reporter
    --test-reporter-destination --test-rerun-failures --test-shard --test-skip-pattern --test-timeout`),
  flags: [],
  instead: new Map([
    ...all('-e --eval -p --print -pe -ep', CODE),
    ...all('-c --check -h --help -v --version --v8-options --completion-bash --prof-process', NO_RUN),
    ...all('--build-snapshot --build-snapshot-config --build-sea --experimental-sea-config', NO_RUN),
    ...all('--snapshot-blob', 'runs what the snapshot holds'),
    ...all('--test --bench --watch --watch-path', RESTARTS),
    ...all('--run', 'runs a script of package.json'),
    ...all('-i --interactive', PROMPT),
    ...all('--entry-url', 'names the script by a URL'),
  ]),
  underscores: true,
  unknownIsFlag: true,
};

const PYTHON: Grammar = {
  interpreter: 'python',
  names: /^python(?:\d+(?:\.\d+)?t?)?$/u,
  dash: 'stdin',
  withValue: set('--check-hash-based-pycs'),
  flags: [],
  letters: { flags: 'bBdEiIOPqRsStuv', withValue: 'WX', attached: '', valueMayAttach: true },
  instead: new Map([
    ...all('-c', CODE),
    ...all('-m', MODULE),
    ...all('-h -V -? --help --version --help-all --help-env --help-xoptions', NO_RUN),
    ...all('-x', 'skips the first line of the script'),
  ]),
};

const RUBY: Grammar = {
  interpreter: 'ruby',
  names: /^ruby(?:\d+(?:\.\d+)?)?$/u,
  dash: 'stdin',
  withValue: set(`--enable --disable --encoding --external-encoding --internal-encoding`),
  flags: list(`--debug --debug-frozen-string-literal --verbose --yjit* --rjit* --jit* --zjit* --parser
    --backtrace-limit --enable-* --disable-* --gems --no-*`),
  letters: { flags: 'adlnpsUvwy', withValue: 'IrCE', attached: 'FKTW0i', valueMayAttach: true },
  instead: new Map([
    ...all('-e', CODE),
    ...all('-c -h --help --version --copyright --yydebug --dump', NO_RUN),
    ...all('-S', 'looks for the script in PATH'),
    ...all('-x -X', 'leaves out a part of the script, or moves to another folder'),
  ]),
};

const JAVA: Grammar = {
  interpreter: 'java',
  names: /^java$/u,
  scriptOption: '-jar',
  dash: 'end of options',
  withValue: set(`-cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules
    --enable-native-access --limit-modules --add-opens --add-exports --add-reads --patch-module`),
  flags: list(`-X* -D* -verbose* -ea* -da* -esa -dsa -enableassertions* -disableassertions* -server -client
    -agentlib:* -agentpath:* -javaagent:* -splash:* -showversion --show-version --enable-preview
    --illegal-access --illegal-native-access --sun-misc-unsafe-memory-access --finalization`),
  instead: new Map([
    ...all('-m --module', MODULE),
    ...all('--source', 'compiles a source file'),
    ...all('-version --version -help --help -? -h -X --help-extra --dry-run --list-modules', NO_RUN),
    ...all('-d --describe-module --validate-modules', NO_RUN),
  ]),
};

const DENO: Grammar = {
  interpreter: 'deno',
  names: /^deno$/u,
  subcommand: 'run',
  dash: 'stdin',
  withValue: set(`-c --config --import-map --cert --seed --location -L --log-level --ext --preload --import
    --conditions`),
  flags:
    list(`-A -q --quiet -r --reload -R* -W* -N* -E* -S* -I* --allow-* --deny-* --no-* --unstable-* --cached-only
    --check --inspect --inspect-brk --inspect-wait --lock --frozen --env-file --env --v8-flags --node-modules-dir
    --vendor --unsafely-ignore-certificate-errors --enable-testing-features-do-not-use --coverage`),
  instead: new Map([
    ...all('--watch --watch-hmr --watch-exclude', RESTARTS),
    ...all('-h --help -V --version', NO_RUN),
  ]),
};

const BUN: Grammar = {
  interpreter: 'bun',
  names: /^bun$/u,
  subcommand: 'run',
  dash: 'stdin',
  withValue:
    set(`-r --preload --require --import --cwd --env-file --tsconfig-override -d --define --drop -l --loader
    --conditions --main-fields --port -u --origin --install --extension-order --jsx-factory --jsx-fragment
    --jsx-import-source --jsx-runtime --title --dns-result-order --max-http-header-size --unhandled-rejections`),
  flags: list(`-b --bun --silent --smol --no-install -i --if-present --prefer-offline --prefer-latest --no-*
    --throw-deprecation --expose-gc --inspect --inspect-brk --inspect-wait --config -c --ignore-dce-annotations
    --preserve-symlinks --preserve-symlinks-main --zero-fill-buffers --use-system-ca --use-openssl-ca`),
  instead: new Map([
    ...all('-e --eval -p --print', CODE),
    ...all('--watch --hot', 'reads the script again and again'),
    ...all('-F --filter --workspaces', 'runs a script of package.json'),
    ...all('-h --help -v --version --revision', NO_RUN),
  ]),
};

/** Of bash and the Bourne shells alike. */
const SHELL_INSTEAD = [
  ...all('-c', CODE),
  ...all('-s', 'reads the script from standard input'),
  ...all('-i', PROMPT),
  ...all('-n', NO_RUN),
] as const;

const BASH: Grammar = {
  interpreter: 'bash',
  names: /^bash$/u,
  dash: 'end of options',
  plus: true,
  withValue: set('--rcfile --init-file'),
  flags: list('--login --noediting --noprofile --norc --posix --verbose'),
  letters: { flags: 'abefhklmpuvxBCEHPT', withValue: 'oO', attached: '', valueMayAttach: false },
  instead: new Map([
    ...SHELL_INSTEAD,
    ...all('-D --dump-strings --dump-po-strings --pretty-print --help --version', NO_RUN),
    ...all('-t', 'stops after one command'),
    ...all('-r --restricted', 'makes a restricted shell, which may read no other file'),
    ...all('--debug --debugger', 'starts a debugger'),
  ]),
};

const SH: Grammar = {
  interpreter: 'sh',
  names: /^(?:sh|dash|ash)$/u,
  dash: 'end of options',
  plus: true,
  withValue: new Set(),
  flags: [],
  letters: { flags: 'abCefhlmpuvxEIV', withValue: 'o', attached: '', valueMayAttach: false },
  instead: new Map(SHELL_INSTEAD),
};

/** Every interpreter that is understood. */
export const GRAMMARS: readonly Grammar[] = [NODE, PYTHON, DENO, BUN, RUBY, JAVA, BASH, SH];
