import { SpoorError } from '../core/errors.js';
import type { EntrySet } from '../entries/entry-set.js';
import type { Entry } from '../entries/entry.js';
import type { AdminService, ListEntriesRequest, ListEntriesResponse } from '../wire/admin.js';
import type { AdminRooms } from './admin-rooms.js';
import type { Answers } from './service.js';
import { readChange, readDraft, toWireEntry } from './wire-entry.js';

const DEFAULT_PAGE = 500;
/** A page of such entries stays below the 4 MiB that gRPC clients take. */
const MAX_PAGE = 5_000;

type Entries = Pick<
  AdminService,
  'ListEntries' | 'GetEntry' | 'AddEntry' | 'UpdateEntry' | 'DeleteEntry' | 'ImportEntries'
>;

/** The part of spoor.v1.Admin about entries. What an entry may be, the catalog decides. */
export function entryAnswers({ catalog }: Pick<AdminRooms, 'catalog'>): Answers<Entries> {
  return {
    ListEntries: (request) => page([...catalog.entries.current.value], request),
    GetEntry: ({ id }) => toWireEntry(entryOf(id, catalog.entries.current.value)),
    AddEntry: async ({ entry }) => toWireEntry(await catalog.add(readDraft(entry))),
    UpdateEntry: async ({ id, entry, fields }) =>
      toWireEntry(await catalog.update(id, readChange(entry, fields))),
    DeleteEntry: async ({ id }) => {
      await catalog.delete(id);
      return {};
    },
    ImportEntries: ({ spire_json }) => catalog.import(spire_json),
  };
}

/** Errors: ENTRY_NOT_FOUND. */
function entryOf(id: string, entries: EntrySet): Entry {
  const entry = entries.get(id);
  if (entry !== undefined) return entry;
  throw new SpoorError('ENTRY_NOT_FOUND', `there is no entry ${id.slice(0, 80)}`);
}

/** A set gives its entries in the order of their ids. */
function page(all: readonly Entry[], request: ListEntriesRequest): ListEntriesResponse {
  const { page_size, page_token, spiffe_id, selector } = request;
  const fitting = all.filter(
    (entry) =>
      (spiffe_id === '' || entry.spiffeId === spiffe_id) &&
      (selector === '' || entry.selectors.includes(selector)),
  );
  const size = Math.min(page_size === 0 ? DEFAULT_PAGE : page_size, MAX_PAGE);
  const rest = page_token === '' ? fitting : fitting.filter(({ id }) => id > page_token);
  const entries = rest.slice(0, size);
  return {
    entries: entries.map(toWireEntry),
    next_page_token: rest.length > size ? (entries.at(-1)?.id ?? '') : '',
    total: fitting.length,
  };
}
