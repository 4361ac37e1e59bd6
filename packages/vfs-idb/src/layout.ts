// How a store lies in IndexedDB: one database per store, four object stores. Everything that reads or
// writes the database takes its names and record types from here.

import { VfsError, type Ino } from '@wasm-vfs/core/backend'

/** The version of the database, raised by each change of the layout; see MIGRATIONS. */
export const SCHEMA_VERSION = 1

export const INODES = 'inodes'
export const ENTRIES = 'entries'
export const CHUNKS = 'chunks'
export const STATE = 'state'
export const OBJECT_STORES: readonly string[] = [INODES, ENTRIES, CHUNKS, STATE]

/** Key: `ino`. */
export interface InodeRecord {
  readonly ino: Ino
  readonly mode: number
  readonly size: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  readonly target?: string
}

/** Key: `parent`, `name`. `order` rises with each name given, and is the order of `readdir`. */
export interface EntryRecord {
  readonly parent: Ino
  readonly name: string
  readonly ino: Ino
  readonly order: number
}

/**
 * Key: `ino`, `index`. The bytes of a file from `index` × CHUNK_SIZE; what is missing, at the end of
 * `bytes` or as a whole record, is zeros.
 */
export interface ChunkRecord {
  readonly ino: Ino
  readonly index: number
  readonly bytes: Uint8Array
}

/** Key: `key`, of which there is one. `nextIno` is the first inode number never given out. */
export interface StateRecord {
  readonly key: typeof TREE
  readonly nextIno: Ino
}

export const TREE = 'tree'

/**
 * What makes each version of the layout from the one before it, within the transaction of the upgrade;
 * the first makes it from nothing.
 */
export const MIGRATIONS: readonly ((database: IDBDatabase) => void)[] = [
  (database) => {
    database.createObjectStore(INODES, { keyPath: 'ino' })
    database.createObjectStore(ENTRIES, { keyPath: ['parent', 'name'] })
    database.createObjectStore(CHUNKS, { keyPath: ['ino', 'index'] })
    database.createObjectStore(STATE, { keyPath: 'key' })
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
