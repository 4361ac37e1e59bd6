// What has changed since the last commit, coalesced: one fact per inode and one per entry, whatever
// the number of operations in between. The engine reports every change here; `commit` turns them into
// one batch and takes it through prepare, commit, committed.

import { VfsError, type Ino } from '../contract/index.ts'
import { ATIME_DIRTY, CLEAN, DIRTY, inodeFact, TIMES_DIRTY, type Inode } from './inode.ts'
import type { Batch, ContentStore, EntryFact, Fact, MetadataStore, RemoveFact } from './ports.ts'

interface PendingEntry {
  readonly fact: EntryFact | RemoveFact
  /** No committed batch has this name, so making and removing it again leaves nothing to say. */
  readonly fresh: boolean
}

/**
 * How far a commit goes: an fsync is about to rely on it; it has to survive the death of the tab; or a close
 * follows, which makes it durable.
 */
export type CommitUntil = 'acknowledged' | 'handed down' | 'closed'

export class Journal<StoreFact> {
  readonly #content: ContentStore<StoreFact>
  readonly #metadata: MetadataStore<StoreFact>
  readonly #snapshot: () => Iterable<Fact | StoreFact>
  readonly #onChange: () => void

  // Each inode with dirty > CLEAN is in one of these: apart, because a program that only reads syncs, too,
  // and may have read a thousand files.
  #inodes = new Set<Inode>()
  #accessed = new Set<Inode>()
  #entries = new Map<string, PendingEntry>()
  #dropped = new Set<Ino>()
  // Inodes for which an fsync must commit: a superset of what has facts of its own, because a name
  // concerns the directory and the inode it leads to.
  #concerned = new Set<Ino>()
  #nextIno: Ino | undefined
  // Inodes of batches that were handed down and not acknowledged: an fsync of one has a flush to ask for.
  #unacknowledged = new Set<Ino>()
  // Handed down by a sync, and not acknowledged yet.
  #underWay: TakenBatch<StoreFact> | undefined

  /** `snapshot`: the whole state as facts. `onChange` is called at each change but those of access times. */
  constructor(
    content: ContentStore<StoreFact>,
    metadata: MetadataStore<StoreFact>,
    snapshot: () => Iterable<Fact | StoreFact>,
    onChange: () => void,
  ) {
    this.#content = content
    this.#metadata = metadata
    this.#snapshot = snapshot
    this.#onChange = onChange
  }

  // ---- What happened.

  inodeCreated(inode: Inode): void {
    this.#nextIno = inode.ino + 1
    this.inodeChanged(inode)
  }

  inodeChanged(inode: Inode): void {
    this.#onChange()
    if (inode.dirty === DIRTY) return
    this.#mark(inode, DIRTY)
    this.#concerned.add(inode.ino)
  }

  timesChanged(inode: Inode): void {
    this.#onChange()
    if (inode.dirty < TIMES_DIRTY) this.#mark(inode, TIMES_DIRTY)
  }

  atimeChanged(inode: Inode): void {
    if (inode.dirty < ATIME_DIRTY) this.#mark(inode, ATIME_DIRTY)
  }

  #mark(inode: Inode, dirty: number): void {
    inode.dirty = dirty
    if (dirty === ATIME_DIRTY) {
      this.#accessed.add(inode)
    } else {
      this.#inodes.add(inode)
      this.#accessed.delete(inode)
    }
  }

  /** `replaced` is the inode the name led to before, if it led anywhere. */
  entrySet(parent: Inode, name: string, inode: Inode, replaced: Inode | undefined): void {
    const key = entryKey(parent, name)
    const pending = this.#entries.get(key)
    const fresh = pending === undefined ? replaced === undefined : pending.fresh
    this.#entries.delete(key)
    this.#entries.set(key, {
      fact: { type: 'entry', parent: parent.ino, name, ino: inode.ino, replaces: !fresh },
      fresh,
    })
    this.#concerned.add(parent.ino).add(inode.ino)
    // It has lost a name, which its own fsync covers; dropped, it has none to be called by.
    if (replaced !== undefined) this.#concerned.add(replaced.ino)
  }

  entryRemoved(parent: Inode, name: string, inode: Inode): void {
    const key = entryKey(parent, name)
    const fresh = this.#entries.get(key)?.fresh ?? false
    if (fresh) this.#entries.delete(key)
    else {
      this.#entries.set(key, { fact: { type: 'remove', parent: parent.ino, name }, fresh: false })
    }
    this.#concerned.add(parent.ino).add(inode.ino)
  }

  inodeDropped(inode: Inode): void {
    this.#onChange()
    this.#inodes.delete(inode)
    this.#accessed.delete(inode)
    inode.dirty = CLEAN
    this.#concerned.delete(inode.ino)
    if (!inode.fresh) this.#dropped.add(inode.ino)
  }

  touch(ino: Ino): void {
    this.#concerned.add(ino)
  }

  // ---- What is pending.

  /** An fsync of this inode has something to commit. */
  concerns(ino: Ino): boolean {
    return (
      this.#concerned.has(ino) ||
      this.#unacknowledged.has(ino) ||
      this.#underWay?.concerned.has(ino) === true
    )
  }

  /** The death of the tab would take back names, sizes or modes; times alone are nothing. */
  needsCommit(): boolean {
    return this.#concerned.size + this.#entries.size + this.#dropped.size > 0
  }

  /** No batch has named this entry, so its removal leaves nothing to say. */
  isFresh(parent: Inode, name: string): boolean {
    return this.#underWay === undefined && this.#entries.get(entryKey(parent, name))?.fresh === true
  }

  /** A sync has something to commit; access times alone are nothing. */
  hasChanges(): boolean {
    return this.needsCommit() || this.#inodes.size + this.#unacknowledged.size > 0
  }

  /** Also the access times, for a close. */
  hasAnything(): boolean {
    return this.#accessed.size > 0 || this.hasChanges()
  }

  // ---- Committing.

  /**
   * For stores whose commit is synchronous. After an error everything is pending as before, so that no later
   * fsync finds nothing to do and succeeds.
   */
  commit(until: CommitUntil): void {
    this.#takeOver()
    const batch = this.#take()
    const isAcknowledged = until === 'acknowledged' && this.#unacknowledged.size > 0
    if (isEmpty(batch) && !isAcknowledged) return
    try {
      if (!isEmpty(batch)) {
        mustBeSynchronous(this.#content.prepare(batch))
        mustBeSynchronous(this.#metadata.commit(batch, this.#snapshot))
      }
      if (until === 'acknowledged') this.#metadata.acknowledge()
      if (until === 'handed down') this.#metadata.handDown?.()
    } catch (error) {
      this.#giveBack(batch)
      throw error
    }
    if (until === 'acknowledged') this.#unacknowledged.clear()
    else for (const ino of batch.concerned) this.#unacknowledged.add(ino)
    if (!isEmpty(batch)) mustBeSynchronous(this.#content.committed(batch))
  }

  /**
   * As `commit('acknowledged')`, for a store that can acknowledge without blocking. Changes made meanwhile go
   * into the next batch; an fsync meanwhile does not wait for this one, but says the same once more.
   */
  async commitUnblocked(acknowledge: () => Promise<void>): Promise<void> {
    const batch = this.#take()
    const unacknowledged = this.#unacknowledged
    if (isEmpty(batch) && unacknowledged.size === 0) return
    this.#underWay = batch
    this.#unacknowledged = new Set()
    try {
      if (!isEmpty(batch)) {
        mustBeSynchronous(this.#content.prepare(batch))
        mustBeSynchronous(this.#metadata.commit(batch, this.#snapshot))
      }
      await acknowledge()
    } catch (error) {
      if (this.#underWay === batch) this.#giveBack(batch)
      for (const ino of unacknowledged) this.#unacknowledged.add(ino)
      throw error
    } finally {
      if (this.#underWay === batch) this.#underWay = undefined
    }
    if (!isEmpty(batch)) mustBeSynchronous(this.#content.committed(batch))
  }

  /** What is under way becomes part of the next batch. */
  #takeOver(): void {
    const batch = this.#underWay
    if (batch === undefined) return
    this.#underWay = undefined
    this.#giveBack(batch)
  }

  /** For any store. Changes made while it runs go into the next batch. */
  async commitAsync(): Promise<void> {
    const batch = this.#take()
    if (isEmpty(batch)) return
    try {
      await this.#content.prepare(batch)
      await this.#metadata.commit(batch, this.#snapshot)
    } catch (error) {
      this.#giveBack(batch)
      throw error
    }
    await this.#content.committed(batch)
  }

  #take(): TakenBatch<StoreFact> {
    const inodes = [...this.#inodes, ...this.#accessed]
    const facts: Fact[] = []
    if (this.#nextIno !== undefined) facts.push({ type: 'next', ino: this.#nextIno })
    for (const inode of inodes) facts.push(inodeFact(inode))
    for (const { fact } of this.#entries.values()) facts.push(fact)
    for (const ino of this.#dropped) facts.push({ type: 'drop', ino })
    const taken: TakenBatch<StoreFact> = {
      facts,
      storeFacts: this.#content.takeFacts(),
      inodes: inodes.map((inode) => ({ inode, dirty: inode.dirty })),
      entries: this.#entries,
      dropped: this.#dropped,
      concerned: this.#concerned,
      nextIno: this.#nextIno,
    }
    for (const inode of inodes) {
      inode.dirty = CLEAN
      inode.fresh = false
    }
    this.#inodes = new Set()
    this.#accessed = new Set()
    this.#entries = new Map()
    this.#dropped = new Set()
    this.#concerned = new Set()
    this.#nextIno = undefined
    return taken
  }

  /**
   * Merges a batch that has failed, or may have, back under what has changed since it was taken. The store may
   * have it all the same (the wait for it has failed), so none of its names and inodes is fresh: a removal has
   * to be said.
   */
  #giveBack(taken: TakenBatch<StoreFact>): void {
    this.#content.returnFacts(taken.storeFacts)
    for (const { inode, dirty } of taken.inodes) {
      // An inode dropped meanwhile needs no attributes; its drop fact stays, and is harmless if the
      // inode was never committed.
      if (!this.#dropped.has(inode.ino)) this.#mark(inode, Math.max(inode.dirty, dirty))
    }
    const newer = this.#entries
    this.#entries = new Map()
    for (const [key, { fact }] of taken.entries) this.#entries.set(key, { fact, fresh: false })
    for (const [key, { fact, fresh }] of newer) {
      this.#entries.delete(key)
      this.#entries.set(key, { fact, fresh: fresh && !taken.entries.has(key) })
    }
    for (const ino of taken.dropped) this.#dropped.add(ino)
    for (const ino of taken.concerned) this.#concerned.add(ino)
    this.#nextIno = this.#nextIno ?? taken.nextIno
  }
}

interface TakenBatch<StoreFact> extends Batch<StoreFact> {
  readonly inodes: readonly { inode: Inode; dirty: number }[]
  readonly entries: Map<string, PendingEntry>
  readonly dropped: ReadonlySet<Ino>
  readonly concerned: ReadonlySet<Ino>
  readonly nextIno: Ino | undefined
}

function isEmpty(batch: Batch<unknown>): boolean {
  return batch.facts.length === 0 && batch.storeFacts.length === 0
}

function entryKey(parent: Inode, name: string): string {
  return `${parent.ino}/${name}`
}

function mustBeSynchronous(result: void | Promise<void>): void {
  if (result !== undefined) {
    throw new VfsError('ENOSYS', 'commit', { detail: 'this store commits only in sync()' })
  }
}
