// Where things lie in OPFS as long as that is not where the committed tree has them: a batch is committed
// once it is in the log, and its names are made, moved and removed in OPFS later. Kept by the committer
// while a store is open, and made anew from the log by an open (sidecar.ts); both take the same steps.

import { isDirectory, type Ino } from '@wasm-vfs/core/backend'
import { SETTLING_MS, stagingPath } from './layout.ts'
import type { CommittedTree, Relocation } from './tree.ts'

export interface Place {
  readonly kind: Relocation['kind']
  /** Its path in OPFS; undefined for a new directory, and for a file that lies in staging. */
  readonly from: string | undefined
}

/** A move that a power cut may still take back. */
export interface UnsettledMove {
  readonly from: string
  /** How old the store was. */
  readonly at: number
}

export class AppliedNames {
  /** Files without a file in OPFS: their content is in the journal, or they are empty. */
  readonly unmade: Set<Ino> = new Set()
  /** What lies elsewhere than in the tree, or did at some time since all names were put in order. */
  readonly away: Map<Ino, Place> = new Map()

  /** Files that have been moved to their places, and where they were before. */
  readonly movedFrom: Map<Ino, UnsettledMove> = new Map()
  /** Places that files have left, and how old the store was: what lies there may be another's. */
  readonly vacated: Map<string, number> = new Map()

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

  /** An open has found that these changes have happened: what has no inode any more is not to be made. */
  found(relocations: readonly Relocation[]): void {
    for (const { ino, dropped } of relocations) if (dropped) this.unmade.delete(ino)
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

  /** Everything that lies in OPFS lies where the tree has it, since the store was of this age. */
  arranged(tree: CommittedTree, at: number): void {
    const relocations = this.relocations(tree)
    for (const { ino, from } of movesOf(relocations)) this.movedFrom.set(ino, { from, at })
    for (const path of departuresOf(relocations)) this.vacated.set(path, at)
    this.away.clear()
  }

  /** Files have left these places, each when the store was of that age. */
  left(vacated: readonly (readonly [path: string, at: number])[]): void {
    for (const [path, at] of vacated) this.vacated.set(path, at)
  }

  /** What was done so long ago is on storage, and a power cut cannot take it back. */
  settle(age: number): void {
    for (const [ino, { at }] of this.movedFrom) {
      if (at + SETTLING_MS <= age) this.movedFrom.delete(ino)
    }
    for (const [path, at] of this.vacated) {
      if (at + SETTLING_MS <= age) this.vacated.delete(path)
    }
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

/** Places that files leave. */
export function departuresOf(relocations: readonly Relocation[]): string[] {
  return relocations.flatMap(({ kind, from }) => (kind === 'file' && from) || [])
}

/** Files that are moved to their places, from others or from staging. */
export function movesOf(relocations: readonly Relocation[]): { ino: Ino; from: string }[] {
  return relocations.flatMap(({ ino, kind, from, to }) =>
    kind === 'directory' || to === undefined ? [] : [{ ino, from: from ?? stagingPath(ino) }],
  )
}
