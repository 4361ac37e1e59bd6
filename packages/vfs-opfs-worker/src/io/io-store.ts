// What the I/O worker does, apart from how it is asked: the interface between the serving loop
// (../channel), which calls it in the order in which the program called, and the store over OPFS
// (open-store.ts). One call at a time: a call that returns a promise is awaited before the next is made.
// Whatever can be done without OPFS's asynchronous functions returns without a promise.

import type {
  Durability,
  Fact,
  Ino,
  SpaceStatistics,
  VfsCounters,
  VfsError,
} from '@wasm-vfs/core/backend'

/** What must cross to the I/O worker when it starts. */
export interface IoStoreOptions {
  /** Path of the store's directory in OPFS, `a/b` nests. */
  readonly name: string
  readonly durability: Exclude<Durability, 'none'>
  /** Relaxed only: the longest a flush is put off, in milliseconds. */
  readonly windowMs: number
  /** Most access handles to hold. */
  readonly maxHandles: number
  /** Open although names that a power cut took are missing. */
  readonly acceptMissing: boolean
}

export interface OpenedStore {
  readonly store: IoStore
  /** What it holds, from which the engine's tree is built; sizes included. All of it is on storage. */
  readonly facts: readonly Fact[]
}

/**
 * Opens the store, making it if there is none: `openIoStore` of open-store.ts. Nobody else has it open,
 * neither here nor in a worker that is still dying, but handles of the latter may linger for a moment.
 */
export type OpenIoStore = (options: IoStoreOptions) => Promise<OpenedStore>

/** Errors are VfsError. Buffers may be views of shared memory and belong to the caller. */
export interface IoStore {
  /**
   * Opens files that the program used first when it was last here. Called once, before any other call and
   * when the client has the tree: while it starts its program, nobody waits for this.
   */
  openAhead(): Promise<void>
  /** Fills `into` with the bytes from `at`, all below the file's size; holes are zeros. */
  read(ino: Ino, into: Uint8Array, at: number): void | Promise<void>
  /**
   * Writes `from` at `at`; `size` is the file's size before. Growth has been reserved. An inode without
   * a committed name is kept apart until its batch comes.
   */
  write(ino: Ino, from: Uint8Array, at: number, size: number): void | Promise<void>
  /** The size changes from `size` to `newSize`. Growth has been reserved. */
  resize(ino: Ino, size: number, newSize: number): void | Promise<void>
  /** The inode is gone: no more calls name it. Its file is removed with the batch that says so. */
  drop(ino: Ino): void | Promise<void>
  /**
   * Makes sure that at least `bytes` of growth can be carried out without running out of space, and
   * returns how many can, from now on and at any time after. ENOSPC. What is reserved is spent by growth
   * only where there is no other space, so a reservation lasts. `reserve(0)` only tells; it is asked
   * after every change of a file and returns without a promise.
   *
   * It may say 0 where space is scarce: then each growth is asked for, with the file that is to grow next
   * and the size that it will have.
   */
  reserve(bytes: number, ino?: Ino, size?: number): number | Promise<number>
  /** Makes an inode's bytes as durable as the level promises of `fsync`. Nothing to do for a name. */
  fsync(ino: Ino): void | Promise<void>
  /**
   * Carries out a batch of metadata, atomically as seen after a crash. `acknowledge`: an fsync or sync
   * that relies on it is about to return, so it is made as durable as the level promises.
   */
  commit(facts: readonly Fact[], acknowledge: boolean): void | Promise<void>
  /** As much of `commit`'s acknowledgement as is still to be done for the batches committed so far. */
  acknowledge(): void | Promise<void>
  /**
   * Hands what has been written to the browser, so that it survives the death of the worker. Nothing is
   * flushed but what order asks for. A failure loses nothing: whatever was not handed down is still
   * pending, and the next fsync, commit or sync hands it down, or reports that it cannot.
   */
  writeBack(): void | Promise<void>
  /** Flushes all files' bytes as `fsync` of each would, and, once committed, the log. */
  syncAll(): void | Promise<void>
  /** Work between requests: sizes of the reservation, a checkpoint of the log. */
  housekeeping(): Promise<SpaceStatistics>
  /** Files in OPFS are not yet as the program has committed them. */
  readonly isBehind: boolean
  /** Does a few milliseconds' work about that. A failure is none of anything acknowledged. */
  catchUp(): Promise<void>
  /** From now on `relaxed`. */
  relaxDurability(): void
  /** When `tick` is next wanted, by performance.now(), if ever; asked before the loop goes to sleep. */
  nextDeadline(): number | undefined
  /** A deadline has passed: performs the flushes that were put off. */
  tick(): void | Promise<void>
  /**
   * A flush that was put off has failed, so something that was acknowledged may be gone. Nothing is vouched
   * for any more: every fsync, commit, sync and close fails with this until the store is reopened.
   */
  readonly failure: VfsError | undefined
  /** `clean`: everything was committed; marks it so. Lets go of all handles in any case. */
  close(clean: boolean): Promise<void>
  stats(): VfsCounters
}
