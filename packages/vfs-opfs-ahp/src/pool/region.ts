// A region: the one contiguous place where an inode's bytes lie.

import type { PoolFile } from './pool-file.ts'

export interface Region {
  readonly file: PoolFile
  /** Where the region starts in the file, and its length; Infinity for a whole pool file. */
  readonly offset: number
  capacity: number
  /** Bytes up to which anything was ever written here; beyond, the region is zero. */
  written: number
  /** Size of the inode. */
  size: number
  /** A batch has named this place. */
  recorded: boolean
}
