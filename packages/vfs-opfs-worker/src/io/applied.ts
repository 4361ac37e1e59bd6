// Where things lie in OPFS as long as that is not where the committed tree has them: a batch is committed
// once it is in the log, and its names are made, moved and removed in OPFS later. Kept by the committer
// while a store is open, and made anew from the log by an open (sidecar.ts); both take the same steps.

import { isDirectory, type Ino } from '@wasm-vfs/core/backend'
import type { CommittedTree, Relocation } from './tree.ts'

export interface Place {
  readonly kind: Relocation['kind']
  /** Its path in OPFS; undefined for a new directory, and for a file that lies in staging. */
  readonly from: string | undefined
}

export class AppliedNames {
  /** Files without a file in OPFS: their content is in the journal, or they are empty. */
  readonly unmade: Set<Ino> = new Set()
  /** What lies elsewhere than in the tree, or did at some time since all names were put in order. */
  readonly away: Map<Ino, Place> = new Map()

  /** A batch has changed the tree. */
  committed(relocations: readonly Relocation[]): void {
    for (const { ino, kind, from, dropped } of relocations) {
      if (this.unmade.has(ino)) {
        if (dropped) this.unmade.delete(ino)
      } else if (!this.away.has(ino)) {
        if (kind === 'file' && from === undefined && !dropped) this.unmade.add(ino)
        else this.away.set(ino, { kind, from })
      }
    }
  }

  /** These files lie in OPFS from now on: in staging, if they had no place. */
  stored(inos: readonly Ino[]): void {
    for (const ino of inos) {
      if (this.unmade.delete(ino)) this.away.set(ino, { kind: 'file', from: undefined })
    }
  }

  /** These files lie at the places that the tree has for them. */
  made(inos: readonly Ino[]): void {
    for (const ino of inos) this.unmade.delete(ino)
  }

  /** Everything that lies in OPFS lies where the tree has it. */
  arranged(): void {
    this.away.clear()
  }

  /** What is to be done so that it does. */
  relocations(tree: CommittedTree): Relocation[] {
    const relocations: Relocation[] = []
    for (const [ino, { kind, from }] of this.away) {
      const inode = tree.inodes.get(ino)
      const to = inode === undefined ? undefined : tree.pathOf(ino)
      const dropped = inode === undefined
      if (from === to && from !== undefined && !dropped) continue
      // A directory that came and went has left nothing; a file that did may be in staging.
      if (from === undefined && to === undefined && kind === 'directory') continue
      if (inode !== undefined && isDirectory(inode.mode) !== (kind === 'directory')) continue
      relocations.push({ ino, kind, from, to, dropped })
    }
    return relocations
  }
}
