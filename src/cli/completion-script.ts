import type { Command } from 'commander';

/** What can follow one path of commands. */
interface Place {
  /** ` entry add`: each name with a space in front; empty for the program. */
  readonly path: string;
  readonly words: readonly string[];
}

/**
 * The completion of a program for bash, which zsh can load too: names of commands and options, and files otherwise.
 *
 * Takes: `program` — whole, since its tree is written out.
 */
export function completionScript(program: Command): string {
  const places = [...placesOf(program, '')];
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  return `_spoor() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      ${paths.join('|')}) path="$path $word" ;;
    esac
  done
  case "$path" in
${places.map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _spoor spoor
`;
}

function* placesOf(command: Command, path: string): Generator<Place> {
  const names = command.commands.map((child) => child.name());
  const options = command
    .createHelp()
    .visibleOptions(command)
    .map((option) => option.long ?? '');
  yield { path, words: [...names, ...options].filter((word) => word !== '') };
  for (const child of command.commands) yield* placesOf(child, `${path} ${child.name()}`);
}
