// How a store lies in IndexedDB: one database per store, three object stores. Everything that reads or
// writes the database takes its names and record types from here.
//
// The files are cut into chunks. SEGMENTS holds chunks by the hundred, because a browser reads one large
// record several times as fast as the same bytes in small ones; the HEAD in STATE says whose they are, and
// holds all metadata. What has changed since the head was written is in LOG: mostly one record per sync,
// because nothing is cheaper to commit. Now and then the log is folded: what it changed becomes new
// segments, a new head is written, and the log is emptied, in the transaction of a sync.

import { VfsError, type FactRecord, type Ino } from '@wasm-vfs/core/backend'

/** The version of the database, raised by each change of the layout; of no other can anything be read. */
export const SCHEMA_VERSION = 4

export const LOG = 'log'
export const SEGMENTS = 'segments'
export const STATE = 'state'
export const OBJECT_STORES: readonly string[] = [LOG, SEGMENTS, STATE]

/** Bytes of a chunk: a page of Postgres, the least that a sync writes. */
export const CHUNK_SIZE = 8192
/**
 * Most chunks of a segment: large records are read fast, and from 1 MiB on Firefox keeps a value in a file
 * of its own. The README has the measurements.
 */
export const SEGMENT_CHUNKS = 120

/**
 * Key: `sequence`, which rises by one with each record. The changes of one sync, or a part of them: a sync
 * counts only if all its records are there (see log.ts).
 */
export interface LogRecord {
  readonly sequence: number
  /** Of the sync, from 0. */
  readonly part: number
  /** No part follows. */
  readonly last: boolean
  /** JSON: an array of records of facts and of content; see codec.ts. */
  readonly facts: string
  /** The content that the facts speak of, one after the other. */
  readonly bytes: Uint8Array
  /** Of all of the above. */
  readonly sum: number
}

/** Key: `id`, which is never used again. Written once, never changed. */
export interface SegmentRecord {
  readonly id: number
  /** Chunks, one after the other, each padded with zeros. Chunks without a byte other than 0 have no place. */
  readonly bytes: Uint8Array
}

// Records of STATE. Key: `key`.

/** There from the beginning. */
export interface HeadRecord {
  readonly key: typeof HEAD
  /** `Head` as JSON in UTF-8. */
  readonly bytes: Uint8Array
  /** Of `bytes`. */
  readonly sum: number
}

/** The whole file system but for what LOG says. */
export interface Head {
  /** Of the first record in LOG, now or in future. */
  readonly sequence: number
  /** Above the id of every segment there has been. */
  readonly nextSegment: number
  readonly segments: readonly SegmentEntry[]
  /** Entries in the order of `readdir`. */
  readonly facts: readonly FactRecord[]
}

export interface SegmentEntry {
  readonly id: number
  /** Chunks that it has a place for. */
  readonly chunks: number
  /** Of its bytes. */
  readonly sum: number
  /** Which of them count. */
  readonly runs: readonly Run[]
}

/** From place `at` on `count` chunks of a file, from its chunk `index` on. */
export type Run = readonly [at: number, ino: Ino, index: number, count: number]

/** There only while the store is open where there are no Web Locks; see owner.ts. */
export interface OwnerRecord {
  readonly key: typeof OWNER
  readonly token: string
}

/** There once a session has written; see session.ts. */
export interface SessionRecord {
  readonly key: typeof SESSION
  /** Of the record that LOG would have next, if the session has closed the store; otherwise -1. */
  readonly end: number
  /** Of `end`. */
  readonly sum: number
}

export type StateRecord = HeadRecord | OwnerRecord | SessionRecord

export const HEAD = 'head'
export const OWNER = 'owner'
export const SESSION = 'session'

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
