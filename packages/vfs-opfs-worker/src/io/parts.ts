// What the content side (store.ts) and the batch side (committer.ts) of a store share.

import type { DurabilityLevel, Ino } from '@wasm-vfs/core/backend'
import type { FileAccess } from './access.ts'
import type { Counters } from './counters.ts'
import type { Directories } from './directories.ts'
import type { FlushOrder } from './flush-order.ts'
import type { Flusher } from './flusher.ts'
import type { FreshContent, Growing } from './fresh-content.ts'
import type { Reservation } from './reservation.ts'
import type { Sidecar } from './sidecar.ts'
import type { HandlePool, StoredFile } from './stored-file.ts'
import type { CommittedTree } from './tree.ts'

export interface StoreParts {
  readonly level: DurabilityLevel
  readonly directories: Directories
  readonly access: FileAccess
  readonly counters: Counters
  readonly sidecar: Sidecar
  /** What the log says; a regular file of it is either in `files` or has no content. */
  readonly tree: CommittedTree
  /** Files in OPFS, by inode. */
  readonly files: Map<Ino, StoredFile>
  /** Content of inodes without a committed name. */
  readonly fresh: FreshContent
  readonly handles: HandlePool
  readonly order: FlushOrder
  readonly reservation: Reservation
  readonly growing: Growing
  readonly flusher: Flusher
}
