// What the crash machinery must know of a backend: how a store is opened over a simulated OPFS, how it is
// checked, and what it calls a store that never settled. Everything else here knows only the contract.

import type { Vfs } from '../../contract/index.ts'
import type { Call, DirectoryImage, SimulatedOpfs } from '../simulated-opfs/index.ts'

export interface StoreOptions {
  readonly level: 'strict' | 'relaxed'
  /** Most bytes of written data that are gathered before they go down, where a backend gathers. */
  readonly cacheBytes: number
}

export interface CrashTarget {
  /** The backend's name. */
  readonly name: string
  /** How long a name takes to be safe, and how long a relaxed flush may be put off, in milliseconds. */
  readonly settlingMs: number
  readonly windowMs: number
  /** Opens the one store of an origin, or makes it, by the simulated clock and without a lock. */
  open(opfs: SimulatedOpfs, options: StoreOptions): Promise<Vfs>
  /** What fsck finds in a store that was closed, in sentences. */
  check(image: DirectoryImage): Promise<readonly string[]>
  /** Whether an open may refuse like this after a power cut on a store that has not settled. */
  saysNeverSettled(error: unknown): boolean
  /** Whether a failure of this call is none of the caller's business, because there is another way. */
  absorbs(call: Call): boolean
}
