import { Authorities } from '../../authority/authorities.js';
import type { AuthoritySettings, Lifetimes } from '../../authority/settings.js';
import { EntryCatalog } from '../../entries/entry-catalog.js';
import { BundleStore } from '../../issuance/bundle-store.js';
import { DefinitionCatalog } from '../../launch/definitions/definition-catalog.js';
import { RecordFile } from '../../ledger/record-file.js';
import { Refusals } from '../../ledger/refusals.js';
import type { Database } from '../../state/database.js';
import { StateFolder } from '../../state/state-folder.js';
import type { Config } from '../config.js';
import type { Ground } from './ground.js';

const RECORD = 'record.jsonl';
const DIGESTS = 'digests.json';

/** What outlives the daemon: the record, the authorities, the entries, the bundles of others and the launch definitions. */
export interface Kept {
  readonly recorder: RecordFile;
  readonly recordPath: string;
  readonly digestsPath: string;
  readonly refusals: Refusals;
  readonly lifetimes: Lifetimes;
  readonly authorities: Authorities;
  readonly entries: EntryCatalog;
  readonly bundles: BundleStore;
  readonly definitions: DefinitionCatalog;
  readonly database: Database;
}

/** Errors: STATE_*, KEY_UNREADABLE, UPSTREAM_INVALID, RECORD_UNWRITABLE. */
export async function openKept(ground: Ground, opened: AsyncDisposableStack): Promise<Kept> {
  const { config, clock, log, metrics, random } = ground;
  const { trustDomain } = config;
  const state = opened.use(await StateFolder.open(config.state, trustDomain));
  const recordPath = state.file(RECORD);
  const recorder = opened.use(await RecordFile.open(recordPath, { clock }));
  const lifetimes = lifetimesOf(config);
  const settings = authoritySettings(config, lifetimes);
  const shared = { trustDomain, clock, log, database: state.database };
  return {
    recorder,
    recordPath,
    digestsPath: state.file(DIGESTS),
    refusals: new Refusals({ recorder, clock, log }),
    lifetimes,
    authorities: await Authorities.open({ ...shared, state, settings, random, metrics, recorder }),
    entries: await EntryCatalog.open({ ...shared, folder: config.entries }),
    bundles: await BundleStore.open({ ...shared, folder: config.bundles }),
    definitions: await DefinitionCatalog.open({ ...shared, folder: config.launch }),
    database: state.database,
  };
}

function lifetimesOf({ lifetimes }: Config): Lifetimes {
  return {
    x509SvidSeconds: lifetimes.x509_svid,
    jwtSvidSeconds: lifetimes.jwt_svid,
    witSvidSeconds: lifetimes.wit_svid,
    authoritySeconds: lifetimes.authority,
  };
}

function authoritySettings({ upstream, jwt, keys }: Config, lifetimes: Lifetimes): AuthoritySettings {
  return {
    lifetimes,
    upstream,
    jwt,
    passphraseFile: keys.passphrase_file,
    credentialsDirectory: process.env.CREDENTIALS_DIRECTORY,
  };
}
