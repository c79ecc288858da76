import { guarded } from '../measuring/guards.js';
import { GATE_CLOSED, LOADER_FAILURE, NOT_STARTED, type Loaded, type LoaderInput } from './loader.js';

/**
 * Runs a script with Python, from its descriptor: the loader is the script file that Python is given, and it makes the
 * module `__main__` that of the measured script.
 *
 * Not `-c`: with that, sys.path begins with the working folder, from which Python 3.13 imports before it runs the command.
 * All three descriptors are closed before the script begins, since Python passes on what it inherited to some of its children.
 *
 * Source: Python/pythonrun.c for what `__main__` holds, Lib/linecache.py for the lines of tracebacks.
 */
export function loadWithPython({ argv, scriptAt, scriptPath, descriptors }: LoaderInput): Loaded {
  const { script, loader, gate } = descriptors;
  const names = [argv[scriptAt], scriptPath].map(literal).join(', ');
  return {
    argv: [...guarded('python', argv.slice(0, scriptAt)), `/proc/self/fd/${loader}`, ...argv.slice(scriptAt)],
    loader: `${LOADER}_spoor(${names}, ${script}, ${loader}, ${gate})\n`,
  };
}

/** JSON's text is Python's too, but for halves of surrogate pairs. */
function literal(text = ''): string {
  return JSON.stringify(text);
}

const LOADER = String.raw`
def _spoor(named, real, script, loader, gate):
    import posix, sys

    def fail(why):
        posix.write(2, b"${NOT_STARTED} " + why + b"\n")
        posix._exit(${LOADER_FAILURE})

    def read_all(descriptor):
        chunks = []
        while True:
            chunk = posix.read(descriptor, 1 << 20)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)

    def wait_at_gate():
        line = b""
        while not line.endswith(b"\n"):
            byte = posix.read(gate, 1)
            if not byte:
                break
            line += byte
        if line != b"go\n":
            fail(b${JSON.stringify(GATE_CLOSED)})

    def mend_arguments():
        del sys.argv[0]
        given = getattr(sys, "orig_argv", None)
        if given:
            del given[len(given) - len(sys.argv) - 1]
            del given[1]

    # The path begins with the folder of the loader, of which nothing shall be imported.
    def mend_path():
        searched = not sys.flags.isolated and not getattr(sys.flags, "safe_path", False)
        if searched:
            del sys.path[0]
        import linecache
        if searched:
            sys.path.insert(0, real.rpartition("/")[0] or "/")
        try:
            text = sys.modules["_frozen_importlib_external"].decode_source(source)
        except (SyntaxError, UnicodeError):
            text = ""  # Its compilation fails for the same reason, and says so.
        if not text.endswith("\n"):
            text += "\n"
        linecache.cache[named] = (len(source), None, text.splitlines(True), named)

    def mend_module():
        main = sys.modules["__main__"].__dict__
        del main["_spoor"]
        main["__file__"] = named
        if sys.version_info < (3, 15):
            main["__cached__"] = None
        main["__loader__"] = sys.modules["_frozen_importlib_external"].SourceFileLoader("__main__", named)
        return main

    # The compiler takes the line that it shows from the file of that name, if there is one.
    def compiled():
        try:
            return compile(source, named, "exec", 0, True)
        except SyntaxError:
            pass
        try:
            compile(source, "<unknown>", "exec", 0, True)
        except SyntaxError as error:
            if error.filename == "<unknown>":
                error.filename = named
                error.args = (error.args[0], (named,) + error.args[1][1:])
            raise

    # Called once, by the interpreter that ends: shows the exception without the frames of this text. The interpreter's
    # own hook reads the file on disk for the lines that it shows, up to Python 3.12. What prints instead is imported
    # beforehand: an import at that time would make the interpreter forget that it was interrupted.
    def hook_for(traceback, hook):
        if hook is sys.__excepthook__ and sys.version_info < (3, 13):
            from traceback import print_exception as display
        else:
            display = hook

        def show(kind, error, _):
            sys.excepthook = hook
            error.__traceback__ = traceback
            display(kind, error, traceback)
        return show

    own = sys._getframe().f_code.co_filename
    wait_at_gate()
    source = read_all(script)
    for descriptor in (script, loader, gate):
        posix.close(descriptor)
    if b"\0" in source:
        fail(b"the script is no text but perhaps a zip archive or bytecode")
    mend_arguments()
    mend_path()
    main = mend_module()
    try:
        exec(compiled(), main)
    except SystemExit:
        raise
    except BaseException as error:
        shown = error.__traceback__
        while shown and shown.tb_frame.f_code.co_filename == own:
            shown = shown.tb_next
        sys.excepthook = hook_for(shown, sys.excepthook)
        raise
`;
