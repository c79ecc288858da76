import { SpoorError } from '../../core/errors.js';
import type { Mode } from '../../core/paths.js';
import type { ExitCode } from '../exit-code.js';
import type { CliIo } from '../io.js';
import { ConnectedScenes } from './connected-scenes.js';
import { Interruption } from './interruption.js';
import { LaunchedScenes } from './launched-scenes.js';
import { Screen } from './screen.js';
import { Stage, TRUST_DOMAIN } from './stage.js';

/**
 * Plays the main jobs in front of a viewer, and leaves nothing, also when it is interrupted.
 *
 * Returns: the exit code.
 * Errors:  ARGUMENT_INVALID for root mode without root.
 */
export async function runDemo(io: CliIo, mode: Mode): Promise<ExitCode> {
  if (mode === 'root' && io.facts.uid !== 0) {
    throw new SpoorError('ARGUMENT_INVALID', `--root needs root, and this is uid ${io.facts.uid}`);
  }
  const screen = new Screen(io);
  using interruption = new Interruption();
  try {
    await using stage = await Stage.open(mode, io, interruption.signal);
    open(screen, stage);
    await new ConnectedScenes(stage, screen).play();
    await new LaunchedScenes(stage, screen).play();
    close(screen, mode);
  } catch (error) {
    // What went wrong then went wrong because everything was ended.
    if (!interruption.signal.aborted) throw error;
  }
  return interruption.exitCode;
}

const MODES: Readonly<Record<Mode, readonly string[]>> = {
  user: [
    'User mode: same-uid processes are not kept apart. Root mode tells what it launched from',
    'whatever else runs as the same user: sudo npm run demo -- --root shows it.',
  ],
  root: ['Root mode: what is launched is told from whatever else runs as the same user.'],
};

function open(screen: Screen, { folder, mode }: Stage): void {
  const { strong, faint } = screen.paint;
  screen.say('');
  screen.say(strong('Spoor: every process on this machine gets an identity of its own.'));
  screen.say(faint(`Trust domain ${TRUST_DOMAIN}; everything lies in ${folder} until the end.`));
  for (const line of MODES[mode]) screen.say(faint(line));
}

function close(screen: Screen, mode: Mode): void {
  screen.title('Next');
  if (mode === 'user')
    screen.say('  sudo npm run demo -- --root             the same with users and cgroups of their own');
  screen.say('  spoord --trust-domain example.org       start a daemon of your own');
  screen.say('  spoor entry add --help                  say who gets which identity');
  screen.say('  spoor launch-def add --help             say which programs are launched, and by whom');
  screen.say('  README.md                               settings, installation, snippets for your language');
  screen.say('');
}
