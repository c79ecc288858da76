import type { Descent, FoundBy } from '../instances/instance.js';

const FOUND: Readonly<Record<FoundBy, string>> = {
  cgroup: 'found by its cgroup',
  ancestry: 'found by its ancestors',
  adoption: 'found by its adoption, since what started it is gone',
  execution: 'which has executed another program since',
  lost: 'whose line cannot be followed',
};

/** From whom a process descends: `descendant of the launched instance ID (NAME, pid N), found by its cgroup`. */
export function descentText({ instance, name, pid, by }: Descent): string {
  const found = FOUND[by];
  if (instance === undefined) return `descendant of a launched instance, ${found}`;
  const about = [name, pid === undefined ? undefined : `pid ${pid}`].filter((part) => part !== undefined);
  const who = about.length === 0 ? instance : `${instance} (${about.join(', ')})`;
  return `descendant of the launched instance ${who}, ${found}`;
}

/** Why it gets nothing. Takes: `refused`: how many entries would give it something, and cannot be used. */
export function nothingForDescendant(descent: Descent, refused: number): string {
  const what = descentText(descent);
  if (descent.instance === undefined)
    return `${what}: it gets nothing, since it is not known whose entries count`;
  return refused === 0
    ? `${what}: it gets nothing, since no entry of that instance says descendants: derive`
    : `${what}: it gets nothing, since ${refused} of the entries of that instance would derive something and cannot be used`;
}
