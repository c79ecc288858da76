import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';
import { RawLaunchClient } from '../fakes/raw-launch-client.js';

const SWAPPER = fileURLToPath(new URL('../fixtures/launch/swapper.mjs', import.meta.url));
const LAUNCHES = 125;
const AT_ONCE = 4;

/** Two variants of a program that say by their exit codes which they are. */
interface Variants {
  readonly good: Buffer;
  readonly evil: Buffer;
  readonly codes: Readonly<Record<'good' | 'evil', number>>;
}

const SCRIPTS: Variants = {
  good: Buffer.from('exit 11\n'),
  evil: Buffer.from('exit 22\n'),
  codes: { good: 11, evil: 22 },
};
const PROGRAMS: Variants = {
  good: readFileSync('/bin/true'),
  evil: readFileSync('/bin/false'),
  codes: { good: 0, evil: 1 },
};

/** What is launched lies in a folder of alice's, where she can do what she likes. */
async function open({ good, evil }: Variants, command: (program: string) => string) {
  const stage = await LaunchStage.open('');
  const folder = stage.daemon.file('hers');
  for (const [name, bytes] of [
    ['good', good],
    ['evil', evil],
    ['run', good],
  ] as const) {
    await stage.file(`hers/${name}/program`, bytes);
    await chown(`${folder}/${name}/program`, ALICE.uid, ALICE.gid);
    await chown(`${folder}/${name}`, ALICE.uid, ALICE.gid);
  }
  await chown(folder, ALICE.uid, ALICE.gid);
  await stage.define(`  - {name: hers, command: ${command(`${folder}/run/program`)}, run_as: nobody}\n`);
  return { stage, folder, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

async function startSwapping(kind: string, folder: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [SWAPPER, kind, folder], {
    ...ALICE,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

interface Launched {
  readonly instance: string;
  readonly code: number | undefined;
}

/** Undefined where nothing was launched, since the file was not there at that moment. */
async function launch(socket: string): Promise<Launched | undefined> {
  await using client = new RawLaunchClient(socket);
  const devices = ['r', 'w', 'w'].map((flags) => openSync('/dev/null', flags));
  client.order(await client.hello('hers'), devices);
  for (const descriptor of devices) closeSync(descriptor);
  const { launched } = await client.answer();
  if (launched === undefined) return undefined;
  const { ended } = await client.answer();
  return {
    instance: launched.instance,
    code: ended !== undefined && 'code' in ended ? ended.code : undefined,
  };
}

async function launchMany(socket: string): Promise<readonly Launched[]> {
  const all: Launched[] = [];
  const one = async (): Promise<void> => {
    for (let count = 0; count < LAUNCHES / AT_ONCE; count++) {
      const launched = await launch(socket);
      if (launched !== undefined) all.push(launched);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return all;
}

/** What was measured of each instance. */
async function measured(stage: LaunchStage): Promise<ReadonlyMap<unknown, unknown>> {
  const records = (await stage.recorded('launched')) as readonly {
    readonly instance: string;
    readonly executable_sha256: string;
    readonly script?: { readonly sha256: string };
  }[];
  return new Map(
    records.map(({ instance, executable_sha256, script }) => [instance, script?.sha256 ?? executable_sha256]),
  );
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.each([
  ['script of a shell', SCRIPTS, (path: string) => `[/bin/bash, ${path}]`],
  ['program', PROGRAMS, (path: string) => `[${path}]`],
] as const)('a %s that its owner swaps all the time', (_, variants, command) => {
  it.each(['in place', 'rename', 'link', 'folder'])(
    'is what was measured, or is not run: %s',
    async (kind) => {
      await using at = await open(variants, command);
      const swapping = await startSwapping(kind, at.folder);
      const launches = await launchMany(at.stage.daemon.launchSocket);
      await swapping[Symbol.asyncDispose]();

      const digests = await measured(at.stage);
      const seen = { good: 0, evil: 0 };
      for (const { instance, code } of launches) {
        for (const name of ['good', 'evil'] as const) {
          if (digests.get(instance) !== sha256(variants[name])) continue;
          seen[name]++;
          expect(code).toBe(variants.codes[name]);
        }
      }
      // The attack was under way: both were there to be measured.
      expect(Math.min(seen.good, seen.evil)).toBeGreaterThan(0);
    },
    120_000,
  );
});
