// What the parts of a store share: content (store.ts), batches (committer.ts), landing (landing.ts).

import type { DurabilityLevel, Ino } from '@wasm-vfs/core/backend'
import type { FileAccess } from './access.ts'
import type { Counters } from './counters.ts'
import type { Directories } from './directories.ts'
import type { FlushOrder } from './flush-order.ts'
import type { Flusher } from './flusher.ts'
import type { AppliedNames } from './applied.ts'
import type { Journal } from './journal.ts'
import type { Reservation } from './reservation.ts'
import type { ResidentContent } from './resident-content.ts'
import type { Room } from './room.ts'
import type { Sidecar } from './sidecar.ts'
import type { HandlePool, StoredFile } from './stored-file.ts'
import type { CommittedTree } from './tree.ts'

export interface StoreParts {
  readonly level: DurabilityLevel
  readonly directories: Directories
  readonly access: FileAccess
  readonly counters: Counters
  readonly sidecar: Sidecar
  readonly journal: Journal
  /** How many frames of the journal say nothing of these files any more. */
  readonly voids: Map<Ino, number>
  /** What the log says; a regular file of it is in `files`, or in `resident`, or empty. */
  readonly tree: CommittedTree
  /** Where OPFS is not yet, or not any more, as the tree says. */
  readonly applied: AppliedNames
  /** Files in OPFS, by inode. */
  readonly files: Map<Ino, StoredFile>
  /** Small files in memory; what it holds is newer than what OPFS does. */
  readonly resident: ResidentContent
  readonly handles: HandlePool
  readonly order: FlushOrder
  readonly reservation: Reservation
  readonly room: Room
  readonly flusher: Flusher
}
