// What the crash machinery must know of a backend: how a store is opened over a simulated OPFS, how it is
// checked, how its tree may look after a crash, and how it refuses. Everything else here knows only the
// contract, so a backend may be rebuilt under its judge.
//
// A backend that works in the calling thread is driven by a VfsProgram around its Vfs. One whose I/O is in
// another thread has a Vfs that blocks, while the simulated OPFS answers in promises: the two cannot share a
// thread. Program is the seam for that. An operation is one plain object and its outcome another, so the
// target may carry operations out where it likes: by a VfsProgram in a thread that may block, with the
// backend's I/O side and the simulated OPFS in the explorer's own thread; or in this thread, on an engine
// whose requests are noted and then made and awaited, one after the other, before `perform` resolves. Whatever
// changes the OPFS while `perform` is pending counts as done during that operation, whatever changes it during
// `between` as done after it.

import type { Attributes, Ino, VfsError } from '../../contract/index.ts'
import type { Call, DirectoryImage, SeededRandom, SimulatedOpfs } from '../simulated-opfs/index.ts'
import type { Observation } from './history.ts'
import type { Operation } from './operations.ts'
import type { TreeStrategy } from './strategies.ts'

export interface StoreOptions {
  readonly level: 'strict' | 'relaxed'
  /** Most bytes of written data that are gathered before they go down, where a backend gathers. */
  readonly cacheBytes: number
  /** Default: the target's own. */
  readonly maxHandles?: number | undefined
  /** Bytes that may be taken from the origin's quota, beyond what is held when a session begins. */
  readonly space?: number | undefined
  /** Names are safe at once: what a power cut does besides taking names. */
  readonly namesSettleAtOnce?: boolean | undefined
  /** Limits of the backend's own, by a name that only the target knows. */
  readonly variant?: string | undefined
}

/** What came of an operation. */
export interface Outcome {
  /** Why it was not carried out. */
  readonly error?: VfsError | undefined
  /** What it was about, if that was found or made. */
  readonly ino?: Ino | undefined
  /** Where it began to write: the size before an append. */
  readonly at?: number | undefined
  /** What a read gave; after a write that failed, the whole file as it reads then, unless reads fail, too. */
  readonly bytes?: Uint8Array | undefined
  /** The attributes of all inodes that it may have changed, afterwards. */
  readonly touched: readonly Attributes[]
}

/** A program at work on an open store. */
export interface Program {
  readonly hardLinks: boolean
  /** The root directory's attributes at the beginning. */
  readonly root: Attributes
  /** Carries one operation out. Throws only what is no VfsError: a defect of the backend or of the machinery. */
  perform(operation: Operation, stamp: number): Outcome | Promise<Outcome>
  /** Everything that the store shows. Throws VfsError. */
  observe(): Observation | Promise<Observation>
  /** Between two operations: what the backend does that nobody asks it for. */
  between?(random: SeededRandom): void | Promise<void>
  /** So many milliseconds pass, in which timers run; default: `world.advance`. */
  wait?(ms: number): void | Promise<void>
  /** The session has died: gives back what is held besides the OPFS, such as a thread. */
  kill?(): void | Promise<void>
}

/** Why an open refuses a store that a power cut has left. */
export type Refusal =
  /** The store was too young, and what is left of it is incomplete. */
  | { readonly kind: 'never settled' }
  /** These paths are missing, and no others; the store opens with `acceptMissing`. */
  | { readonly kind: 'missing'; readonly paths: readonly string[] }

export interface CrashTarget {
  /** The backend's name. */
  readonly name: string
  /** How long a name takes to be safe, and how long a relaxed flush may be put off, in milliseconds. */
  readonly settlingMs: number
  readonly windowMs: number
  /** The least that `maxHandles` may be. */
  readonly handlesMin: number
  /** How its tree may look after a crash. */
  readonly tree: TreeStrategy
  /**
   * Opens the one store of an origin, or makes it, by the simulated clock and without a lock.
   * `acceptMissing`: after a refusal that said what is missing.
   */
  open(opfs: SimulatedOpfs, options: StoreOptions, acceptMissing?: boolean): Promise<Program>
  /** What fsck finds in a store that was closed, in sentences. */
  check(image: DirectoryImage): Promise<readonly string[]>
  /** What an open says that failed with this; undefined if no power cut is a reason for it. */
  refusal(error: unknown): Refusal | undefined
  /** Whether a failure of this call is none of the caller's business, because there is another way. */
  absorbs(call: Call): boolean
  /** Whether reads of a file fail after a write that nobody waited for has failed. */
  readonly stopsReading?: boolean
}
