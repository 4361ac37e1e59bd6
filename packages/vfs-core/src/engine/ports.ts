// The two ports below the engine. A backend implements them and nothing else: a ContentStore keeps
// bytes by inode, a MetadataStore keeps batches of facts. The engine calls them synchronously, except
// where a Promise is allowed; a store may throw only VfsError.
//
// A fact is small and idempotent, so replaying batches in order, the last writer winning, yields the
// tree. A batch commits atomically: after a crash either all of it counts or none.

import type { Ino } from '../contract/index.ts'

/** Sets an inode's attributes; link counts are not stored but counted from the entries. */
export interface InodeFact {
  readonly type: 'inode'
  readonly ino: Ino
  readonly mode: number
  /** Bytes of a regular file; 0 for everything else. */
  readonly size: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  /** Of a symlink. */
  readonly target?: string | undefined
}

/** The inode is gone, with its content. */
export interface DropFact {
  readonly type: 'drop'
  readonly ino: Ino
}

/** `name` in directory `parent` leads to `ino`. */
export interface EntryFact {
  readonly type: 'entry'
  readonly parent: Ino
  readonly name: string
  readonly ino: Ino
  /**
   * The committed tree has another inode under this name. A store flushes the new inode's content
   * before such a batch, or a crash could leave neither the old bytes nor the new. Not kept.
   */
  readonly replaces?: boolean | undefined
}

/** `name` in directory `parent` leads nowhere. */
export interface RemoveFact {
  readonly type: 'remove'
  readonly parent: Ino
  readonly name: string
}

/** Inode numbers below `ino` have been given out, so that none is ever given out twice. */
export interface NextFact {
  readonly type: 'next'
  readonly ino: Ino
}

export type Fact = InodeFact | DropFact | EntryFact | RemoveFact | NextFact

/**
 * What commits together: the engine's facts and the content store's own (`StoreFact`: where bytes lie).
 * The engine's come coalesced, one per inode and one per entry.
 */
export interface Batch<StoreFact> {
  readonly facts: readonly Fact[]
  readonly storeFacts: readonly StoreFact[]
}

/** How a content store tells the engine that an inode has a fact of the store's own pending. */
export interface ContentHost {
  /** The next commit must include this inode, so an `fsync` of it is not free. */
  touch(ino: Ino): void
  /**
   * Commits what is pending, as far as that survives the death of the tab, so that what it frees can be reused.
   * Does nothing while a first load is to be atomic, or where batches only commit in `sync()`. May be called
   * before anything has been changed in `write` and `resize`, in `housekeeping` and in `beforeClose`.
   */
  handDown(): void
}

export interface SpaceStatistics {
  /** Bytes in all and bytes free. */
  readonly total: number
  readonly free: number
}

/**
 * Bytes by inode. The engine checks offsets, clamps reads to the size and keeps the sizes; the store
 * finds the bytes. An inode without content yet is not known to the store and reads as zeros.
 */
export interface ContentStore<StoreFact = never> {
  /** Called once, before anything else. */
  attach(host: ContentHost): void

  /** Fills `into` with the bytes from `at`; all of them lie below the file's size. */
  read(ino: Ino, into: Uint8Array, at: number): void
  /**
   * Stores `from` at `at`; `size` is the file's size before the write. If `at` is beyond `size`, what
   * lies between must read as zeros afterwards. Space is reserved before anything is changed (ENOSPC).
   */
  write(ino: Ino, from: Uint8Array, at: number, size: number): void
  /** The size changes from `size` to `newSize`. Grown bytes read as zeros; space is reserved first. */
  resize(ino: Ino, size: number, newSize: number): void
  /** The inode is gone; its space is free once the batch that says so is durable. */
  drop(ino: Ino): void

  /**
   * `fsync` of one inode, before its metadata is committed: hands its dirty bytes down and makes them
   * as durable as the store's level promises.
   */
  fsync(ino: Ino, dataOnly: boolean): void

  /**
   * Throws what has failed after the call that asked for it had returned. An fsync of a directory asks, because
   * no fsync may succeed after such a failure. Left out by a store that reports every failure at once.
   */
  checkFailures?(): void

  /**
   * Hands down all dirty bytes, so that they survive the death of the tab. Nothing is flushed, unless the
   * store's own order asks for it. Left out by a store that keeps no dirty bytes, or none that a batch does
   * not bring.
   */
  writeBack?(): void

  /** The store's own facts since the last call, for the batch that is about to commit. */
  takeFacts(): StoreFact[]
  /** Puts facts of a failed batch back; newer ones win. */
  returnFacts(facts: readonly StoreFact[]): void
  /** Every fact that describes the present state, for an image of all metadata. */
  snapshot(): Iterable<StoreFact>
  /** Makes durable what the batch relies on; runs before the batch is handed down. */
  prepare(batch: Batch<StoreFact>): void | Promise<void>
  /** The batch is committed: what it freed may be cleaned and reused. */
  committed(batch: Batch<StoreFact>): void | Promise<void>

  /** All dirty bytes of all files, as `fsync`. */
  syncAll(): void | Promise<void>
  /** Work that needs an asynchronous moment; called within each `sync()`, after everything else. */
  housekeeping(): Promise<void>
  space(): SpaceStatistics
  /** The last moment in which files may be moved, to give space back: everything is committed after it. */
  beforeClose?(): void
  /** Lets go of storage. Everything has been synced, or the caller has given up on it. */
  close(): Promise<void>
}

/** Batches of facts, in order. Loading is the backend's own business, before the engine exists. */
export interface MetadataStore<StoreFact = never> {
  /**
   * Hands a batch down atomically. `snapshot` yields the
   * whole present state, the batch included, for a store that now and then writes an image instead
   * of one more entry in its log. Synchronous where `capabilities.synchronousFsync`.
   */
  commit(batch: Batch<StoreFact>, snapshot: () => Iterable<Fact | StoreFact>): void | Promise<void>
  /**
   * An `fsync` that relies on committed batches is about to return: makes them as durable as the
   * store's level promises of it. Only called where `capabilities.synchronousFsync`.
   */
  acknowledge(): void
  /**
   * The committed batches survive the death of the tab when this returns; nothing is flushed. Left out by a
   * store whose `commit` sees to that.
   */
  handDown?(): void
  /**
   * As `acknowledge`, without blocking: for a `sync()`. A store whose `acknowledge` keeps nobody waiting
   * leaves it out. What is committed before it resolves comes after, and may say the same once more.
   */
  acknowledgeAsync?(): Promise<void>
  /** Makes all committed batches as durable as `sync()` promises. */
  sync(): void | Promise<void>
  /**
   * If `clean`, makes all committed batches durable, with a mark of the clean close where the format
   * has one. Lets go of storage in any case.
   */
  close(clean: boolean): Promise<void>
}
