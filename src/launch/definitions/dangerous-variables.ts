/** Variables by which one kind of program can be made to run other code, to trust others, or to write where it should not. */
interface Group {
  /** Who reads them, for people. */
  readonly reader: string;
  readonly source: string;
  readonly names?: readonly string[];
  readonly prefixes?: readonly string[];
  /** Harmless ones among those with the prefixes. */
  readonly harmless?: readonly string[];
}

/**
 * What is read by the programs that agents are made of. It cannot be complete: a program may read what it likes, so a
 * definition passes on only what it names.
 */
const GROUPS: readonly Group[] = [
  {
    reader: 'the dynamic linker and the C library',
    source: 'ld.so(8); glibc, sysdeps/generic/unsecvars.h; musl, environment variables',
    names: [
      ...['GLIBC_TUNABLES', 'GCONV_PATH', 'GETCONF_DIR', 'LOCPATH', 'MUSL_LOCPATH', 'NLSPATH', 'I18NPATH'],
      ...['HOSTALIASES', 'LOCALDOMAIN', 'NIS_PATH', 'RESOLV_HOST_CONF', 'RES_OPTIONS', 'TZDIR'],
    ],
    prefixes: ['LD_', 'MALLOC_'],
  },
  {
    // Node's compile cache lies below it by default: whoever owns the folder owns the code.
    reader: 'programs that keep code and sockets in temporary folders',
    source: 'environ(7); Node.js, module.enableCompileCache()',
    names: ['TMPDIR', 'TMP', 'TEMP', 'TEMPDIR'],
  },
  {
    reader: 'Node.js and what is built on it',
    source: 'node(1), environment; Electron, environment variables; ts-node, options',
    names: ['UV_USE_IO_URING'],
    prefixes: ['NODE_', 'ELECTRON_', 'TS_NODE_', 'TSX_', 'VOLTA_', 'NVM_'],
    harmless: ['NODE_ENV', 'NODE_NO_WARNINGS', 'NODE_DISABLE_COLORS'],
  },
  {
    // npm reads its own in any case: https://docs.npmjs.com/cli/using-npm/config
    reader: 'npm, Yarn, pnpm and Corepack',
    source: 'npm config(7); Yarn, configuration; pnpm, settings; Corepack, environment variables',
    prefixes: ['NPM_', 'YARN_', 'PNPM_', 'COREPACK_'],
  },
  { reader: 'Deno', source: 'Deno, environment variables', prefixes: ['DENO_'] },
  { reader: 'Bun', source: 'Bun, environment variables', prefixes: ['BUN_'] },
  {
    reader: 'Python',
    source: 'python(1), ENVIRONMENT VARIABLES',
    names: ['IPYTHONDIR', 'DJANGO_SETTINGS_MODULE'],
    prefixes: ['PYTHON', 'JUPYTER_'],
    harmless: ['PYTHONUNBUFFERED', 'PYTHONDONTWRITEBYTECODE', 'PYTHONUTF8'],
  },
  {
    reader: "Python's package managers",
    source: 'uv, environment variables; pip, configuration; conda activate; poetry, configuration',
    names: ['VIRTUAL_ENV'],
    prefixes: ['UV_', 'PIP_', 'PIPX_', 'PIPENV_', 'POETRY_', 'PDM_', 'HATCH_', 'CONDA_', 'MAMBA_', 'PYENV_'],
    harmless: ['UV_THREADPOOL_SIZE'],
  },
  {
    reader: 'shells',
    source: 'bash(1), Shell Variables; dash(1); zshparam(1); ksh(1); readline(3)',
    names: [
      ...['ENV', 'SHELLOPTS', 'BASHOPTS', 'PS0', 'PS1', 'PS2', 'PS3', 'PS4', 'PROMPT_COMMAND', 'IFS'],
      ...[
        'CDPATH',
        'GLOBIGNORE',
        'EXECIGNORE',
        'POSIXLY_CORRECT',
        'MAILPATH',
        'HISTFILE',
        'INPUTRC',
        'FCEDIT',
      ],
      ...['FPATH', 'ZDOTDIR', 'fish_function_path', 'fish_complete_path'],
    ],
    // BASH_ENV, BASH_FUNC_name%%, BASH_LOADABLES_PATH, BASH_XTRACEFD.
    prefixes: ['BASH_'],
  },
  {
    reader: 'Perl',
    source: 'perlrun(1), ENVIRONMENT',
    // PERL5OPT, PERL5LIB, PERL5DB, PERLLIB, PERLIO.
    prefixes: ['PERL'],
  },
  {
    reader: 'Ruby',
    source: 'ruby(1), ENVIRONMENT; gem help environment; bundle-config(1)',
    names: ['IRBRC'],
    prefixes: ['RUBY', 'GEM_', 'BUNDLE_', 'BUNDLER_', 'RBENV_'],
  },
  {
    reader: 'Java and its tools',
    source: 'java(1), JDK_JAVA_OPTIONS; JVM TI, JAVA_TOOL_OPTIONS; Maven and Gradle, environment',
    names: ['CLASSPATH', 'GRADLE_OPTS', 'GRADLE_USER_HOME', 'ANT_OPTS', 'ANT_ARGS'],
    prefixes: ['JAVA_', '_JAVA_', 'JDK_', 'MAVEN_', 'JRUBY_'],
  },
  {
    reader: '.NET',
    source: '.NET, environment variables; DOTNET_STARTUP_HOOKS; ICLRProfiling',
    names: ['ASPNETCORE_HOSTINGSTARTUPASSEMBLIES'],
    prefixes: ['DOTNET_', 'CORECLR_', 'COR_', 'COMPlus_', 'MONO_', 'NUGET_'],
  },
  {
    reader: 'PHP, Lua, Tcl, R, Julia, Erlang, Guile and awk',
    source: 'php(1); lua(1); tclsh(1); R, Startup(1); Julia and erl(1), environment; guile(1); gawk(1)',
    names: ['PHPRC', 'PHP_INI_SCAN_DIR', 'TCLLIBPATH', 'AWKPATH', 'AWKLIBPATH'],
    prefixes: ['LUA_', 'TCL_', 'TK_', 'R_', 'JULIA_', 'ERL_', 'ELIXIR_', 'GUILE_'],
  },
  {
    // GODEBUG also takes back what Go's TLS refuses.
    reader: 'Go and Rust, and compilers',
    source: 'go help environment; Cargo, environment variables; make(1); gcc(1), ENVIRONMENT',
    names: [
      ...['GODEBUG', 'GOFLAGS', 'GOENV', 'GOROOT', 'GOPATH', 'GOPROXY', 'GONOSUMDB', 'GONOSUMCHECK'],
      ...['GOSUMDB', 'GOTOOLCHAIN', 'GOINSECURE', 'RUSTC_WRAPPER', 'RUSTC_WORKSPACE_WRAPPER', 'RUSTFLAGS'],
      ...['MAKEFLAGS', 'MAKEFILES', 'GNUMAKEFLAGS', 'GCC_EXEC_PREFIX', 'COMPILER_PATH', 'CPATH'],
    ],
    prefixes: ['CARGO_', 'RUSTUP_'],
  },
  {
    reader: 'sanitizers and profilers',
    source: 'Sanitizer common flags, log_path and external_symbolizer_path; CUPTI, injection',
    names: ['CUDA_INJECTION64_PATH', 'CUDA_INJECTION32_PATH', 'LLVM_PROFILE_FILE', 'GCOV_PREFIX'],
    prefixes: ['ASAN_', 'LSAN_', 'MSAN_', 'TSAN_', 'UBSAN_'],
  },
  {
    reader: 'TLS libraries and HTTP clients: whom they trust, and where they write their keys',
    source:
      'openssl-env(7); curl(1), ENVIRONMENT; Requests, SSL Cert Verification; NSS, SSLKEYLOGFILE; krb5.conf(5)',
    names: [
      ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'SSLKEYLOGFILE', 'CURL_CA_BUNDLE', 'CURL_HOME', 'WGETRC', 'NETRC'],
      ...['SYSTEM_WGETRC', 'REQUESTS_CA_BUNDLE', 'AWS_CA_BUNDLE', 'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'],
      ...['GNUPGHOME', 'SASL_PATH', 'SASL_CONF_PATH', 'PGSSLROOTCERT', 'PGSYSCONFDIR', 'HTTPLIB2_CA_CERTS'],
    ],
    prefixes: ['OPENSSL_', 'GNUTLS_', 'KRB5', 'NSS_'],
  },
  {
    reader: 'Git, and other programs that keep versions',
    source: 'git(1), ENVIRONMENT VARIABLES; svn(1); hg(1); cvs(1)',
    names: ['SVN_SSH', 'SVN_EDITOR', 'CVS_RSH', 'HG', 'HGRCPATH', 'HGEDITOR', 'HGMERGE'],
    prefixes: ['GIT_'],
    harmless: [
      ...['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_AUTHOR_DATE', 'GIT_TERMINAL_PROMPT'],
      ...['GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'GIT_COMMITTER_DATE'],
    ],
  },
  {
    // A D-Bus address may be `unixexec:`, which starts a program.
    reader: 'programs that start another program which a variable names',
    source: 'environ(7); less(1); man(1); sudo(8); ssh(1); rsync(1); D-Bus specification, transports',
    names: [
      ...['EDITOR', 'VISUAL', 'PAGER', 'MANPAGER', 'BROWSER', 'SUDO_EDITOR', 'SUDO_ASKPASS', 'SSH_ASKPASS'],
      ...['SYSTEMD_PAGER', 'SYSTEMD_EDITOR', 'RSYNC_RSH', 'VIMINIT', 'EXINIT', 'VIM', 'VIMRUNTIME'],
      ...['EMACSLOADPATH', 'DBUS_SESSION_BUS_ADDRESS', 'DBUS_SYSTEM_BUS_ADDRESS', 'DBUS_STARTER_ADDRESS'],
      ...['LESS', 'LESSOPEN', 'LESSCLOSE', 'LESSEDIT', 'LESSKEY', 'LESSKEYIN', 'LESSKEY_CONTENT'],
      ...['LESSKEY_SYSTEM', 'LESSKEYIN_SYSTEM', 'LESSHISTFILE', 'MANOPT', 'MANROFFOPT', 'MANPATH'],
    ],
  },
  {
    reader: 'programs whose settings name commands to run or plugins to load',
    source:
      'XDG Base Directory Specification; AWS SDKs, credential_process; kubectl, exec plugins; docker, credHelpers',
    names: [
      ...['XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_HOME', 'XDG_DATA_DIRS', 'XDG_CACHE_HOME'],
      ...['XDG_STATE_HOME', 'XDG_RUNTIME_DIR', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'],
      ...['KUBECONFIG', 'DOCKER_CONFIG', 'GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES', 'CLOUDSDK_CONFIG'],
      ...['CLOUDSDK_PYTHON', 'CLOUDSDK_PYTHON_ARGS', 'ALSA_CONFIG_PATH', 'OCL_ICD_VENDORS'],
      ...['LIBVA_DRIVERS_PATH', 'LIBGL_DRIVERS_PATH', 'VDPAU_DRIVER_PATH'],
    ],
    prefixes: ['ANSIBLE_', 'GTK_', 'GIO_', 'GST_', 'QT_', 'QML_', 'QML2_', 'VK_'],
  },
  {
    reader: 'terminal libraries',
    source: 'ncurses(3), ENVIRONMENT; termcap(5)',
    names: ['TERMINFO', 'TERMINFO_DIRS', 'TERMCAP', 'TERMPATH', 'NCURSES_TRACE'],
  },
];

/** Upper case, since some programs do not tell cases apart: none of these names becomes harmless by its case. */
const NAMES = new Map(GROUPS.flatMap(({ names = [], reader }) => names.map((name) => [upper(name), reader])));
const HARMLESS = new Set(GROUPS.flatMap(({ harmless = [] }) => harmless));
const PREFIXES = GROUPS.flatMap(({ prefixes = [], reader }) =>
  prefixes.map((prefix) => ({ prefix: upper(prefix), reader })),
);

/**
 * Who would read code, trust or a file to write from a variable of this name; undefined when nobody is known to.
 *
 * Source: decision 4; each group of the table above names its own.
 */
export function readerOfDangerous(name: string): string | undefined {
  if (HARMLESS.has(name)) return undefined;
  const wanted = upper(name);
  return NAMES.get(wanted) ?? PREFIXES.find(({ prefix }) => wanted.startsWith(prefix))?.reader;
}

function upper(name: string): string {
  return name.toUpperCase();
}
