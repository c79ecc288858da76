import { describe, expect, it } from 'vitest';
import { readerOfDangerous } from '../../../src/launch/definitions/dangerous-variables.js';

const LINKER = 'the dynamic linker and the C library';

describe('readerOfDangerous', () => {
  it.each([
    ['LD_PRELOAD', LINKER],
    ['LD_AUDIT', LINKER],
    ['LD_LIBRARY_PATH', LINKER],
    ['GLIBC_TUNABLES', LINKER],
    ['GCONV_PATH', LINKER],
    ['LOCPATH', LINKER],
    ['MALLOC_CONF', LINKER],
    ['TMPDIR', 'programs that keep code and sockets in temporary folders'],
    ['NODE_OPTIONS', 'Node.js and what is built on it'],
    ['NODE_PATH', 'Node.js and what is built on it'],
    ['NODE_EXTRA_CA_CERTS', 'Node.js and what is built on it'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', 'Node.js and what is built on it'],
    ['NODE_COMPILE_CACHE', 'Node.js and what is built on it'],
    ['NODE_REPL_EXTERNAL_MODULE', 'Node.js and what is built on it'],
    ['NODE_CHANNEL_FD', 'Node.js and what is built on it'],
    ['npm_config_registry', 'npm, Yarn, pnpm and Corepack'],
    ['NPM_CONFIG_NODE_OPTIONS', 'npm, Yarn, pnpm and Corepack'],
    ['Npm_Config_Script_Shell', 'npm, Yarn, pnpm and Corepack'],
    ['npm_execpath', 'npm, Yarn, pnpm and Corepack'],
    ['DENO_CERT', 'Deno'],
    ['BUN_INSPECT', 'Bun'],
    ['PYTHONPATH', 'Python'],
    ['PYTHONSTARTUP', 'Python'],
    ['PYTHONHOME', 'Python'],
    ['UV_INDEX_URL', "Python's package managers"],
    ['PIP_INDEX_URL', "Python's package managers"],
    ['VIRTUAL_ENV', "Python's package managers"],
    ['BASH_ENV', 'shells'],
    ['ENV', 'shells'],
    ['SHELLOPTS', 'shells'],
    ['BASHOPTS', 'shells'],
    ['PS4', 'shells'],
    ['IFS', 'shells'],
    ['CDPATH', 'shells'],
    ['PROMPT_COMMAND', 'shells'],
    ['BASH_FUNC_ls%%', 'shells'],
    ['PERL5OPT', 'Perl'],
    ['PERL5LIB', 'Perl'],
    ['RUBYOPT', 'Ruby'],
    ['GEM_PATH', 'Ruby'],
    ['BUNDLE_GEMFILE', 'Ruby'],
    ['JAVA_TOOL_OPTIONS', 'Java and its tools'],
    ['_JAVA_OPTIONS', 'Java and its tools'],
    ['JDK_JAVA_OPTIONS', 'Java and its tools'],
    ['CLASSPATH', 'Java and its tools'],
    ['DOTNET_STARTUP_HOOKS', '.NET'],
    ['LUA_INIT_5_4', 'PHP, Lua, Tcl, R, Julia, Erlang, Guile and awk'],
    ['GODEBUG', 'Go and Rust, and compilers'],
    ['SSL_CERT_FILE', 'TLS libraries and HTTP clients: whom they trust, and where they write their keys'],
    ['OPENSSL_CONF', 'TLS libraries and HTTP clients: whom they trust, and where they write their keys'],
    ['SSLKEYLOGFILE', 'TLS libraries and HTTP clients: whom they trust, and where they write their keys'],
    ['GIT_SSH_COMMAND', 'Git, and other programs that keep versions'],
    ['GIT_CONFIG_KEY_0', 'Git, and other programs that keep versions'],
    ['GIT_TEMPLATE_DIR', 'Git, and other programs that keep versions'],
    ['PAGER', 'programs that start another program which a variable names'],
    ['DBUS_SESSION_BUS_ADDRESS', 'programs that start another program which a variable names'],
    ['XDG_CONFIG_HOME', 'programs whose settings name commands to run or plugins to load'],
    ['KUBECONFIG', 'programs whose settings name commands to run or plugins to load'],
    ['TERMINFO', 'terminal libraries'],
    ['TERMCAP', 'terminal libraries'],
  ])('knows who would read %s', (name, reader) => {
    expect(readerOfDangerous(name)).toBe(reader);
  });

  it.each([
    ...['LANG', 'LC_ALL', 'LANGUAGE', 'TERM', 'COLORTERM', 'TZ', 'NO_COLOR', 'MODE', 'PORT', 'DEBUG', 'CI'],
    ...['NODE_ENV', 'PYTHONUNBUFFERED', 'UV_THREADPOOL_SIZE', 'GIT_AUTHOR_NAME', 'GIT_COMMITTER_EMAIL'],
    ...['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'DATABASE_URL', 'RUST_LOG', 'ENVIRONMENT', 'LESSON', 'PS'],
    ...['CUDA_VISIBLE_DEVICES', 'https_proxy', 'COLUMNS', 'LINES', 'DISPLAY', 'SSH_AUTH_SOCK', 'constructor'],
  ])('knows nobody who would read code from %s', (name) => {
    expect(readerOfDangerous(name)).toBeUndefined();
  });
});
