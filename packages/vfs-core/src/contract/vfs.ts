// The contract between a program's file system layer and a backend: an inode-based, synchronous file
// system in the manner of FUSE's low-level API. The glue (../emscripten) calls it, the engine
// (../engine) implements it, and nothing here knows a browser API or Emscripten.
//
// Semantics are POSIX.1-2024's unless a comment says otherwise. Every operation may throw VfsError
// with EIO (storage failed) or ESTALE (the inode is gone, or the file system was closed); other codes
// are listed where they can occur. An operation that throws leaves names, sizes and attributes as they
// were.
//
// A persistent file system keeps a kernel's promise to the death of the tab, the worker or the browser:
// `unlink`, `rmdir`, `rename`, `link` and a truncate to 0 survive it from the moment that they have returned,
// everything else at the latest when the program has been idle for 100 ms, or at its first call after 5 s.
// A power cut may take back what no `fsync` or `sync` has covered.
//
// Times follow Linux's `relatime`: a read moves atime only if it is not newer than mtime or ctime.

/** Identifies a file for as long as it has a name or is held by `acquire`. Never reused in a store. */
export type Ino = number

/** The inode number of the root directory. */
export const ROOT_INO: Ino = 1

/**
 * What survives a power cut: `strict`, everything acknowledged; `relaxed`, a consistent state that may
 * lack the newest commits; `none`, nothing survives the page.
 */
export type Durability = 'strict' | 'relaxed' | 'none'

/** Times are milliseconds since the epoch, sizes bytes. */
export interface Attributes {
  readonly ino: Ino
  /** Type and permission bits (see mode.ts). */
  readonly mode: number
  /** Names that lead here; a directory counts its own `.` and each subdirectory's `..`. */
  readonly nlink: number
  /** Bytes of a file, or of a symlink's target in UTF-8; a directory reports BLOCK_SIZE. */
  readonly size: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
}

/** The attributes to change; those absent stay. `ctime` is set to now unless given. */
export interface AttributeChanges {
  /** Permission bits; type bits are ignored. */
  mode?: number | undefined
  /** As `truncate`. */
  size?: number | undefined
  atime?: number | undefined
  mtime?: number | undefined
  ctime?: number | undefined
}

export interface DirectoryEntry {
  readonly name: string
  readonly ino: Ino
  /** Type bits of the entry's mode. */
  readonly type: number
}

/** Space and inodes, as in statvfs(3); block counts in units of `blockSize` bytes. */
export interface FileSystemStatistics {
  readonly blockSize: number
  readonly blocks: number
  readonly blocksFree: number
  readonly files: number
  readonly nameMax: number
}

/** What a backend can do. The conformance suite reads it, and the README prints it as a table. */
export interface Capabilities {
  /** Content survives the page. */
  readonly persistent: boolean
  /** `fsync` itself makes durable; where false, only a resolved `sync()` does. */
  readonly synchronousFsync: boolean
  /** `link` works; where false it throws EPERM. */
  readonly hardLinks: boolean
  /** After `attachMemory` with a shared heap, reads and writes of that heap make no copy. */
  readonly sharedMemoryWithoutCopy: boolean
  /** Largest file in bytes; at most FILE_SIZE_MAX. */
  readonly maxFileSize: number
}

/** Counters of physical work since the open; a backend reports those it has. */
export interface VfsCounters {
  /** Storage handles open now. */
  handles?: number
  /** Calls that read from, wrote to, resized or flushed storage. */
  reads?: number
  writes?: number
  truncates?: number
  flushes?: number
  /** Bytes moved by those calls. */
  bytesRead?: number
  bytesWritten?: number
  /** Batches of metadata committed, and images of all metadata written. */
  commits?: number
  checkpoints?: number
  /** Database transactions opened. */
  transactions?: number
  /** Waits for another thread. */
  roundTrips?: number
  /** Copies of file content made between the caller's buffer and storage's, in bytes. */
  bytesCopied?: number
}

export interface FsyncOptions {
  /** As fdatasync: attributes that are not needed to read the bytes back may stay pending. */
  readonly dataOnly?: boolean
}

export interface SyncOptions {
  /**
   * Make nothing newly durable: only surface errors of work already under way and do the
   * housekeeping that needs an asynchronous moment (replenish spare handles, refresh `statfs`).
   */
  readonly housekeepingOnly?: boolean
}

/** A mounted file system. Obtained from a backend's `open…` function; released by `close()`. */
export interface Vfs {
  /** The backend's name as in its package, e.g. `'opfs-ahp'`. */
  readonly backend: string
  /** The name the store was opened by; unique within the origin and the backend. */
  readonly name: string
  readonly durability: Durability
  readonly capabilities: Capabilities

  // ---- Namespace. `name` is one path component: ENAMETOOLONG, EILSEQ (lone surrogates), EINVAL (a
  // slash or a NUL), ENOENT (empty). `parent` must be a directory: ENOTDIR.

  /** The inode that `name` leads to; `.` and `..` work. ENOENT. */
  lookup(parent: Ino, name: string): Ino
  /**
   * As `lookup`, but `undefined` if there is no such name. Programs ask for names before they create
   * them, and an error is dear: below a deep WebAssembly stack it takes 100 µs to make.
   */
  find(parent: Ino, name: string): Ino | undefined
  getattr(ino: Ino): Attributes
  /** Applies all changes or none. Errors of `truncate` if `size` is given. */
  setattr(ino: Ino, changes: AttributeChanges): void
  /** EEXIST. `mode` gives the permission bits. */
  mkdir(parent: Ino, name: string, mode: number): Ino
  /** Makes an empty regular file, always exclusively: EEXIST if the name is taken. */
  create(parent: Ino, name: string, mode: number): Ino
  /** `target` is stored as given, at most PATH_MAX bytes: ENAMETOOLONG; ENOENT if empty. */
  symlink(parent: Ino, name: string, target: string): Ino
  /** EINVAL if `ino` is not a symlink. */
  readlink(ino: Ino): string
  /** Gives `ino` another name. EEXIST; EPERM for a directory or without hard links; ENOENT if `ino` has lost its last name. */
  link(ino: Ino, parent: Ino, name: string): void
  /** EISDIR for a directory. The inode lives until its last name and its last reference are gone. */
  unlink(parent: Ino, name: string): void
  /** ENOTDIR, ENOTEMPTY, EINVAL for `.`, EBUSY for the root. */
  rmdir(parent: Ino, name: string): void
  /**
   * Moves a name, replacing what `newName` led to. Nothing happens if both names lead to one inode.
   * EINVAL into its own subtree, EISDIR a file over a directory, ENOTDIR a directory over anything
   * else, ENOTEMPTY, EBUSY for `.`, `..`.
   */
  rename(parent: Ino, name: string, newParent: Ino, newName: string): void
  /** All entries but `.` and `..`, in the order they were made. */
  readdir(ino: Ino): DirectoryEntry[]
  statfs(): FileSystemStatistics

  // ---- Content. Buffers belong to the caller; none is kept after a call returns, so a view of a
  // WebAssembly heap is fine. Offsets and sizes are bytes; EINVAL if negative or not an integer.

  /**
   * Reads from byte `at` into the whole of `into`. Returns the bytes read: fewer than asked for only
   * at the end of the file. Holes read as zeros. EISDIR, EINVAL for a symlink.
   */
  read(ino: Ino, into: Uint8Array, at: number): number
  /**
   * Writes all of `from` at byte `at`, growing the file as needed, and returns its length.
   * EFBIG, ENOSPC, EISDIR, EINVAL for a symlink. After an error the size is as before; bytes that
   * were overwritten may be old or new.
   */
  write(ino: Ino, from: Uint8Array, at: number): number
  /** Cuts or grows a file to `size`; what is grown reads as zeros. EFBIG, ENOSPC, EISDIR, EINVAL. */
  truncate(ino: Ino, size: number): void
  /**
   * Makes a file's bytes, size and names, or a directory's entries, as durable as `durability` says.
   * Costs nothing when nothing is pending. Where `capabilities.synchronousFsync` is false it checks
   * its argument and does nothing.
   */
  fsync(ino: Ino, options?: FsyncOptions): void

  // ---- Life of an inode.

  /** Holds an inode (an open file) so that it outlives its last name. Counted. */
  acquire(ino: Ino): void
  /** Gives one `acquire` back; EINVAL without one. */
  release(ino: Ino): void

  // ---- Whole file system.

  /** Makes everything durable at the chosen level; rejects with the first error. Calls are serialized. */
  sync(options?: SyncOptions): Promise<void>
  /** Makes everything durable, lets go of storage and locks. Later operations throw ESTALE; closing again resolves. */
  close(): Promise<void>
  /**
   * For a program that is about to fill an empty file system: until its first `fsync`, `sync` or `close`,
   * nothing is handed down, so that a crash before that leaves it empty. It has no effect on a file
   * system that holds anything.
   */
  atomicFirstLoad(): void
  /** Lowers `strict` to `relaxed` from now on; no effect on other levels. */
  relaxDurability(): void
  /** Lets a backend reach a shared heap; it reads `memory.buffer` afresh per request. */
  attachMemory?(memory: WebAssembly.Memory): Promise<void>
  stats(): VfsCounters
}
