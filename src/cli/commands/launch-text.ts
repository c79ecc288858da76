import type { WireLaunch, WireScript } from '../../wire/explain.js';
import type { Paint } from '../paint.js';

/** What is known of a launched process, a row a fact; facts that it lacks are left out. */
export function launchRows(launch: WireLaunch, paint: Paint): readonly (readonly string[])[] {
  const rows = [
    ['definition', launch.name],
    ['launched by', launch.parent === '' ? `uid ${launch.launched_by}` : `instance ${launch.parent}`],
    ['executable', launch.executable],
    ['', launch.executable_sha256],
    ...(launch.script === null ? [] : scriptRows(launch.script)),
    ...launch.notes.map((note) => [paint.warning('note'), note]),
  ];
  return rows.filter(([, value]) => value !== '');
}

function scriptRows(script: WireScript): readonly (readonly string[])[] {
  return [
    ['script', script.path],
    ['', script.sha256],
    ['interpreter', [script.interpreter, ...script.interpreter_args].join(' ')],
    ['package', script.package],
    ['lock file', script.lock_sha256],
  ];
}
