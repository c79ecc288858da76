import type { KeyObject } from 'node:crypto';
import type { Recorder } from '../core/record.js';
import type { Disk } from '../keys/disk.js';
import type { KeyFolder } from '../keys/key-folder.js';
import { isPublished, keyNameOf, maySign, type AuthorityRecord } from './authority-record.js';
import type { AuthorityStanding } from './authority-set.js';
import { loadManifest, saveManifest, type Manifest } from './manifest.js';

export interface AuthorityStoreDeps {
  readonly manifest: string;
  readonly keys: KeyFolder;
  readonly disk: Disk;
  readonly recorder: Recorder;
}

/**
 * The authorities as they are on disk, and the private keys of those that may still sign.
 *
 * Keys are written before the manifest that mentions them, and destroyed after the one that does not need them: killed
 * at any instant, what is on disk is the state before a change or the state after it.
 */
export class AuthorityStore {
  readonly #deps: AuthorityStoreDeps;
  readonly #keys = new Map<string, KeyObject>();
  #manifest: Manifest;
  #version = 0;

  private constructor(deps: AuthorityStoreDeps, manifest: Manifest) {
    this.#deps = deps;
    this.#manifest = manifest;
  }

  /** Errors: STATE_UNUSABLE for a damaged manifest, KEY_UNREADABLE for a key. Nothing is changed then. */
  static async open(deps: AuthorityStoreDeps): Promise<AuthorityStore> {
    const store = new AuthorityStore(deps, await loadManifest(deps.manifest));
    for (const record of store.records.filter(hasKeyFile)) {
      store.#keys.set(record.id, await deps.keys.load(keyNameOf(record)));
    }
    await deps.keys.keepOnly(new Set(store.records.filter(hasKeyFile).map(keyNameOf)));
    return store;
  }

  get records(): readonly AuthorityRecord[] {
    return this.#manifest.records;
  }

  get sequence(): bigint {
    return this.#manifest.sequence;
  }

  /** Grows with each commit of this run. */
  get version(): number {
    return this.#version;
  }

  /** Undefined when it may not sign, or when its key is a file of the user's that is there no more. */
  keyOf(id: string): KeyObject | undefined {
    return this.#keys.get(id);
  }

  /**
   * Makes `records` the state, with the keys of those that are new.
   *
   * Returns: when all of it is recorded and on disk.
   * Errors:  RECORD_UNWRITABLE or the system's own; the state is then what it was.
   */
  async commit(
    records: readonly AuthorityRecord[],
    keys: ReadonlyMap<string, KeyObject> = new Map(),
  ): Promise<void> {
    const before = this.#manifest;
    for (const record of records) {
      const key = keys.get(record.id);
      if (key !== undefined && hasKeyFile(record)) await this.#deps.keys.save(keyNameOf(record), key);
    }
    for (const [record, state] of changesOf(before.records, records)) {
      await this.#deps.recorder.append({ event: 'authority', profile: record.profile, id: record.id, state });
    }
    const sequence = before.sequence + (samePublished(before.records, records) ? 0n : 1n);
    await saveManifest(this.#deps.manifest, { sequence, records }, this.#deps.disk);

    this.#manifest = { sequence, records };
    this.#version += 1;
    for (const [id, key] of keys) this.#keys.set(id, key);
    await this.#destroyKeys(before.records);
  }

  async #destroyKeys(before: readonly AuthorityRecord[]): Promise<void> {
    const needed = new Set(this.records.filter(maySign).map(({ id }) => id));
    for (const record of before.filter(({ id }) => !needed.has(id))) {
      this.#keys.delete(record.id);
      if (hasKeyFile(record)) await this.#deps.keys.remove(keyNameOf(record));
    }
  }
}

/** The keys of an upstream authority are the user's files and are never copied. */
function hasKeyFile(record: AuthorityRecord): boolean {
  return maySign(record) && !(record.public.kind === 'x509' && record.public.upstream);
}

function* changesOf(
  before: readonly AuthorityRecord[],
  after: readonly AuthorityRecord[],
): Generator<readonly [AuthorityRecord, AuthorityStanding]> {
  for (const record of after) {
    if (before.find(({ id }) => id === record.id)?.state !== record.state) yield [record, record.state];
  }
  for (const record of before) {
    if (!after.some(({ id }) => id === record.id)) yield [record, 'removed'];
  }
}

function samePublished(before: readonly AuthorityRecord[], after: readonly AuthorityRecord[]): boolean {
  const [some, others] = [before, after].map(
    (records) => new Set(records.filter(isPublished).flatMap(publishedOf)),
  );
  return some !== undefined && others !== undefined && some.symmetricDifference(others).size === 0;
}

/** What a bundle holds of one authority, as text that can be compared. */
function publishedOf({ profile, id, public: half }: AuthorityRecord): readonly string[] {
  return half.kind === 'x509' ? half.roots.map((der) => der.toString('base64')) : [`${profile} ${id}`];
}
