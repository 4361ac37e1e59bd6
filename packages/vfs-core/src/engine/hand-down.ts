// What survives the death of the tab, and from when. Programs commit by `unlink`, `rename` and `truncate` as
// well as by `fsync` (SQLite's default journal ends a COMMIT with an unlink), and a kernel undoes nothing when
// a process dies. So what these calls have done is handed down before they return, and everything else by
// WriteBack. Nothing is flushed for it: a power cut may take back what no fsync or sync has covered.
//
// Called by InodeFs; relies on a journal whose failed commit leaves everything pending.

import type { Capabilities } from '../contract/index.ts'
import type { Inode } from './inode.ts'
import type { Journal } from './journal.ts'
import type { ContentStore } from './ports.ts'
import { WriteBack } from './write-back.ts'

export interface HandDownParts<StoreFact> {
  readonly capabilities: Capabilities
  readonly content: ContentStore<StoreFact>
  readonly journal: () => Journal<StoreFact>
  /** A sync under way hands everything down itself. */
  readonly isSyncing: () => boolean
  /** For a store that commits only in `sync()`: commits all that is pending. */
  readonly sync: () => Promise<void>
  readonly dropIfUnused: (inode: Inode) => void
}

/** A change of names that survives the death of the tab from when it has returned. */
export interface NameChange {
  readonly change: () => void
  readonly undo: () => void
  readonly concerns: readonly Inode[]
  readonly losing?: Inode | undefined
}

export class HandDown<StoreFact> {
  readonly #parts: HandDownParts<StoreFact>
  readonly #writeBack: WriteBack
  readonly #isImmediate: boolean
  // From `beginLoading` to the first fsync or sync: nothing is handed down by itself.
  #isLoading = false

  constructor(parts: HandDownParts<StoreFact>) {
    this.#parts = parts
    const { persistent, synchronousFsync } = parts.capabilities
    this.#isImmediate = persistent && synchronousFsync
    this.#writeBack = synchronousFsync
      ? new WriteBack({ handDown: () => this.#whenIdle() })
      : // At the next turn of the event loop: between two calls of a program nothing may be written there.
        new WriteBack({ handDown: () => this.#bySync(), tickMs: 0 })
    if (!persistent) this.#writeBack.stop()
  }

  called(): void {
    this.#writeBack.called()
  }

  changed(): void {
    if (!this.#isLoading) this.#writeBack.changed()
  }

  beginLoading(): void {
    this.#isLoading = true
  }

  /** The first load is over: what no sync has covered is handed down as anything else. */
  endLoading(): void {
    if (!this.#isLoading) return
    this.#isLoading = false
    this.#writeBack.changed()
  }

  stop(): void {
    this.#writeBack.stop()
  }

  /**
   * Performs a change of names and hands it down, behind all that was written before. If that fails, so does the
   * change: `undo` takes it back, and the inodes that it `concerns` get their times back.
   * `losing`: an inode that may lose its last name; it is dropped only when nothing can bring it back.
   */
  names({ change, undo, concerns, losing }: NameChange): void {
    if (!this.#isImmediate || this.#isLoading) return change()
    const times = concerns.map(({ mtime, ctime }) => ({ mtime, ctime }))
    this.#parts.content.writeBack?.()
    if (losing !== undefined) losing.references++
    try {
      change()
      this.#parts.journal().commit('handed down')
    } catch (error) {
      undo()
      for (const [index, inode] of concerns.entries()) Object.assign(inode, times[index])
      throw error
    } finally {
      if (losing !== undefined) {
        losing.references--
        this.#parts.dropIfUnused(losing)
      }
    }
  }

  /** Hands down everything that has happened so far. */
  now(): void {
    if (this.#isImmediate && !this.#isLoading) this.#everything()
  }

  #whenIdle(): void {
    if (this.#isLoading) return
    if (this.#parts.isSyncing()) return this.#writeBack.changed()
    this.#everything()
  }

  /**
   * Content first: a program that empties or removes its journal has written before what the journal was for,
   * and a tab that dies in between must not leave it without either.
   */
  #everything(): void {
    const journal = this.#parts.journal()
    this.#parts.content.writeBack?.()
    if (journal.needsCommit()) journal.commit('handed down')
  }

  async #bySync(): Promise<void> {
    if (!this.#isLoading) await this.#parts.sync()
  }
}
