// How a store lies in IndexedDB: one database per store, four object stores. Everything that reads or
// writes the database takes its names and record types from here.

import { VfsError, type Ino } from '@wasm-vfs/core/backend'

/** The version of the database, raised by each change of the layout; see MIGRATIONS. */
export const SCHEMA_VERSION = 2

export const INODES = 'inodes'
export const ENTRIES = 'entries'
export const CHUNKS = 'chunks'
export const STATE = 'state'
export const OBJECT_STORES: readonly string[] = [INODES, ENTRIES, CHUNKS, STATE]

// `sum` and the counts make damage show. Records that version 1 wrote have none and are not checked.

/** Key: `ino`. */
export interface InodeRecord {
  readonly ino: Ino
  readonly mode: number
  readonly size: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  readonly target?: string
  /** Records of the file's content. */
  readonly chunks?: number
  /** Of all fields above, in this order. */
  readonly sum?: number
}

/** Key: `parent`, `name`. `order` rises with each name given, and is the order of `readdir`. */
export interface EntryRecord {
  readonly parent: Ino
  readonly name: string
  readonly ino: Ino
  readonly order: number
  /** Of all fields above, in this order. */
  readonly sum?: number
}

/**
 * Key: `ino`, `index`. The bytes of a file from `index` × the store's chunk size; what is missing, at
 * the end of `bytes` or as a whole record, is zeros.
 */
export interface ChunkRecord {
  readonly ino: Ino
  readonly index: number
  readonly bytes: Uint8Array
  /** Of `bytes`, `ino` and `index`. */
  readonly sum?: number
}

// Records of STATE. Key: `key`.

/** `nextIno` is the first inode number never given out. */
export interface TreeRecord {
  readonly key: typeof TREE
  readonly nextIno: Ino
  /** Records in INODES and in ENTRIES. */
  readonly inodes?: number
  readonly entries?: number
}

/** Written when the store is made. */
export interface FormatRecord {
  readonly key: typeof FORMAT
  /** Bytes of a chunk in this store: a power of two. */
  readonly chunkSize: number
}

/** There only while the store is open where there are no Web Locks; see owner.ts. */
export interface OwnerRecord {
  readonly key: typeof OWNER
  readonly token: string
}

/** There while a session that has written has not closed the store; see torn-log.ts. */
export interface SessionRecord {
  readonly key: typeof SESSION
}

export type StateRecord = TreeRecord | FormatRecord | OwnerRecord | SessionRecord

export const TREE = 'tree'
export const FORMAT = 'format'
export const OWNER = 'owner'
export const SESSION = 'session'

/**
 * Of new stores. Half of what makes Chromium put a value into a file of its own, which triples the time
 * of a commit; four pages of Postgres; more records than with 64 KiB cost opening little. The README has
 * the measurements.
 */
export const CHUNK_SIZE: number = 32 * 1024
export const CHUNK_SIZE_MIN = 4096
export const CHUNK_SIZE_MAX: number = 1024 * 1024

/** Of stores that version 1 made; it had no record of it. */
const CHUNK_SIZE_OF_VERSION_1 = 64 * 1024

/**
 * What makes each version of the layout from the one before it, within the transaction of the upgrade;
 * the first makes it from nothing. All of them run for a new store.
 */
export const MIGRATIONS: readonly ((transaction: IDBTransaction, isNew: boolean) => void)[] = [
  ({ db }) => {
    db.createObjectStore(INODES, { keyPath: 'ino' })
    db.createObjectStore(ENTRIES, { keyPath: ['parent', 'name'] })
    db.createObjectStore(CHUNKS, { keyPath: ['ino', 'index'] })
    db.createObjectStore(STATE, { keyPath: 'key' })
  },
  (transaction, isNew) => {
    const chunkSize = isNew ? CHUNK_SIZE : CHUNK_SIZE_OF_VERSION_1
    transaction.objectStore(STATE).put({ key: FORMAT, chunkSize } satisfies FormatRecord)
  },
]

const PREFIX = 'wasm-vfs/idb:'

/** The name of a store's database, and of the Web Lock that its owner holds. */
export function databaseName(name: string): string {
  return PREFIX + name
}

/** The store that a database belongs to; undefined for a database of others. */
export function storeName(database: string): string | undefined {
  return database.startsWith(PREFIX) ? database.slice(PREFIX.length) : undefined
}

/** TypeError if the name is no string, EINVAL if it is empty. */
export function checkStoreName(name: string): void {
  if (typeof name !== 'string')
    throw new TypeError(`a store's name is a string, not ${typeof name}`)
  if (name === '') throw new VfsError('EINVAL', 'open', { path: name, detail: 'the name is empty' })
}

/** All chunks of a file from `index` on. An array sorts after every number. */
export function chunksFrom(ino: Ino, index: number): IDBKeyRange {
  return IDBKeyRange.bound([ino, index], [ino, []])
}
