// The content store's own facts, which commit in one batch with the engine's: which pool files there
// are, and where each inode's bytes lie.

import type { Fact, Ino } from '@wasm-vfs/core/backend'

/** A pool file exists. */
export interface FileFact {
  readonly type: 'file'
  readonly serial: number
  /** How long the store had been open when it was made, in milliseconds (StateLog.age); 0 if with the store. */
  readonly born: number
  /** It holds many inodes in slots; otherwise it is spare or belongs to one inode. */
  readonly pack: boolean
}

/** An inode's bytes lie in a slot of the pack, or in a pool file of their own. */
export interface PlaceFact {
  readonly type: 'place'
  readonly ino: Ino
  readonly serial: number
  readonly offset: number
  /** Bytes of the slot; 0 means the whole pool file, however long. */
  readonly capacity: number
  /**
   * Bytes up to which the place has ever been written, where that is beyond the inode's size because
   * it shrank; 0 where it is not. Growing below this must write zeros.
   */
  readonly written: number
}

/** The inode has no bytes any more. */
export interface UnplaceFact {
  readonly type: 'unplace'
  readonly ino: Ino
}

export type PoolFact = FileFact | PlaceFact | UnplaceFact

/** Replays facts to where everything lies, the last writer winning. */
export class PlacementBuilder {
  readonly files: Map<number, FileFact> = new Map()
  readonly places: Map<Ino, PlaceFact> = new Map()

  /** Serial numbers of the files that hold, or are there to hold, content. */
  usedFiles(): Set<number> {
    const used = new Set<number>()
    for (const { serial, pack } of this.files.values()) if (pack) used.add(serial)
    for (const { serial } of this.places.values()) used.add(serial)
    return used
  }

  apply(fact: Fact | PoolFact): void {
    switch (fact.type) {
      case 'file':
        this.files.set(fact.serial, fact)
        break
      case 'place':
        this.places.set(fact.ino, fact)
        break
      case 'unplace':
      case 'drop':
        this.places.delete(fact.ino)
        break
    }
  }
}
