// Batches of metadata, and the content that comes with them. A batch is committed by its line in the log,
// and the content of small files by their frames in the journal; names follow in OPFS later (landing.ts).
// So a commit makes no file and opens none, unless a large file is to be flushed for it.
//
// Order. What a line of the log relies on is handed down before it: frames of the journal, which are on storage
// before the line is known to be (an open takes a line without its frames for one that a crash has torn); and the
// bytes of large files that it names, which are on storage before the line is handed down. What is done in OPFS for a batch can only be
// completed, not undone, so it begins when the line is on storage.

import type { Fact, Ino } from '@wasm-vfs/core/backend'
import { carryOut } from './carry-out.ts'
import { STAGING_PATH, stagingPath } from './layout.ts'
import type { StoreParts } from './parts.ts'
import { hasSteps, planSteps } from './plan.ts'
import { isNoSpace } from './room.ts'
import { stage } from './staging.ts'
import { imageOf } from './sidecar.ts'
import type { StoredFile } from './stored-file.ts'
import type { Application } from './tree.ts'

export class Committer {
  readonly #parts: StoreParts
  // Dropped by a batch, and still to be removed from OPFS.
  readonly #dropped = new Map<Ino, StoredFile>()
  #droppedBytes = 0
  // In staging, and no batch has said that they exist.
  readonly #unannounced = new Set<Ino>()
  // Batches that no flush of the log has covered.
  #unflushed = false
  // Names are partly in order: until that is done, the log must not say anything else of them.
  #arranging = false

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  /** What OPFS still has of files that are no more. */
  get droppedBytes(): number {
    return this.#droppedBytes
  }

  commit(facts: readonly Fact[], acknowledge: boolean): void | Promise<void> {
    const { order, room } = this.#parts
    if (this.#arranging) return this.arrange().then(() => this.commit(facts, acknowledge))
    // What was fsynced before is on storage before the batch, which says what came after.
    order.flushAll()
    const committed = room.making(() => this.#commitOnce(facts, acknowledge))
    return committed?.catch((error: unknown) => this.#commitStaged(facts, acknowledge, error))
  }

  /** Batches committed so far are as durable as the level promises of an fsync. */
  acknowledge(): void {
    const { level, order, journal } = this.#parts
    if (!this.#unflushed && !journal.unflushed) return
    if (level.current === 'relaxed') order.deferLog(() => this.flushAll())
    else this.flushAll()
  }

  /** Frames first: a line may rely on them. */
  flushAll(): void {
    this.#parts.journal.flush()
    if (this.#unflushed) this.flushLog()
  }

  flushLog(): void {
    this.#parts.sidecar.flush()
    this.#unflushed = false
  }

  /** Hands down what no frame says of the small files that have been committed. */
  journalChanges(): void {
    const { resident, tree, order, journal, sidecar } = this.#parts
    const changed = [...resident.changed()].filter((ino) => tree.inodes.has(ino))
    if (changed.length === 0) return
    // What was written after an fsync, or after a batch, must not reach storage before it. Frames among
    // themselves are read in order, and none without those before it.
    if (order.hasFiles || this.#unflushed) order.flushAll()
    sidecar.begin()
    journal.append(changed.map((ino) => resident.recordOf(ino)))
    for (const ino of changed) resident.journalled(ino)
  }

  /** The file lies in OPFS with all its bytes, on storage; frames of it do not count any more. */
  announce(ino: Ino): void {
    const { tree, sidecar, applied, journal } = this.#parts
    if (!tree.inodes.has(ino)) {
      this.#unannounced.add(ino)
      return
    }
    const file = this.#parts.files.get(ino)!
    // It may have grown since the last batch: its size is asked for after a crash.
    const dirty = this.#isOff(file) ? [ino] : []
    const { frames } = journal
    sidecar.append({ voided: [ino], frames, ...(dirty.length > 0 && { dirty }) })
    file.dirtySeq = dirty.length > 0 ? sidecar.seq : 0
    applied.stored([ino])
    journal.voided(ino)
    this.#parts.voids.set(ino, frames)
    this.flushLog()
  }

  /** It was in staging, and no batch will name it. */
  forget(ino: Ino): void {
    this.#unannounced.delete(ino)
  }

  /**
   * Has everything that lies in OPFS lie where the tree has it. Completes what a failure has left. What is
   * moved or removed cannot be brought back, so the batches that say so are on storage: a step of the landing
   * has flushed them, and none is committed behind one that has failed.
   */
  async arrange(): Promise<void> {
    const { applied, tree, directories, files, handles, order, sidecar, access } = this.#parts
    if (applied.away.size === 0) return
    const relocations = applied.relocations(tree)
    const fileOf = (ino: Ino): StoredFile | undefined => files.get(ino) ?? this.#dropped.get(ino)
    const plan = planSteps(relocations, {
      isStaged: (ino) => fileOf(ino)?.path === stagingPath(ino),
      keepOrphans: true,
    })
    // A file about to be moved or removed must not be reopened for a deferred flush.
    order.flushAll()
    if (hasSteps(plan)) {
      this.#arranging = true
      // Another file may come to where they lie.
      for (const file of this.#dropped.values()) handles.close(file)
      const markStaged = (): void | Promise<void> => {
        sidecar.append({ staged: true })
        this.flushLog()
        return access.settle()
      }
      const closeHandle = (file: StoredFile): void => handles.close(file)
      await carryOut(plan, { directories, fileOf, closeHandle, markStaged }, false)
    }
    const { age } = sidecar
    // What is made from here on may take places that a repetition of the moves would clear; the intent to
    // make it is flushed, and this with it.
    sidecar.append({ done: true, at: age })
    applied.arranged(tree, age)
    this.#dropped.clear()
    this.#droppedBytes = 0
    this.#arranging = false
  }

  /** A file has been made in a place that was another's: only its size tells the two apart. */
  wasVacated(path: string): boolean {
    return this.#parts.applied.vacated.has(path)
  }

  checkpoint(): void {
    const { sidecar, tree, files, counters, order, handles, journal, voids, applied } = this.#parts
    if (this.#arranging) return
    // An image holds all committed batches and is flushed.
    order.flushAll()
    const noted = new Set([...files.values()].filter((file) => this.#isNotable(file)))
    const dirty = [...noted].map(({ ino }) => ino)
    const { turn, frames } = journal
    const notes = { dirty, hot: [...handles.firstUsed], turn, frames, voids, applied }
    if (!sidecar.checkpoint(imageOf(tree, notes, sidecar.age))) return
    counters.checkpoints++
    this.#unflushed = false
    for (const file of files.values()) file.dirtySeq = noted.has(file) ? sidecar.seq : 0
  }

  /** In OPFS it is not as long as the log says. */
  #isOff({ ino, size }: StoredFile): boolean {
    return size !== this.#parts.tree.inodes.get(ino)?.size
  }

  /** An open after a crash cannot know the file's size, or that its bytes are on storage. */
  #isNotable(file: StoredFile): boolean {
    return file.needsFlush || (this.#isOff(file) && !this.#parts.journal.mentions(file.ino))
  }

  // ---- One batch.

  #commitOnce(facts: readonly Fact[], acknowledge: boolean): void | Promise<void> {
    const { age } = this.#parts.sidecar
    const application = this.#parts.tree.apply(facts, age)
    const large = this.#largeNamedBy(facts)
    if (large.length > 0) return this.#commitLarge(facts, acknowledge, application, large)
    this.#commitNow(facts, acknowledge, application)
    return this.#parts.access.settle()
  }

  async #commitLarge(
    facts: readonly Fact[],
    acknowledge: boolean,
    application: Application,
    large: readonly StoredFile[],
  ): Promise<void> {
    try {
      // A name must not lead to new content before that is on storage; else a crash could lose both.
      for (const file of large) await this.#parts.flusher.flush(file)
      await this.#parts.access.settle()
    } catch (error) {
      application.undo()
      throw error
    }
    this.#commitNow(facts, acknowledge, application)
  }

  /** Without room for both the journal and the files: what has no file yet goes to staging instead. */
  async #commitStaged(facts: readonly Fact[], acknowledge: boolean, error: unknown): Promise<void> {
    const { resident, files, room } = this.#parts
    const inos = [...resident.changed()].filter((ino) => !files.has(ino))
    if (!isNoSpace(error) || inos.length === 0) throw error
    for (const ino of inos) {
      const file = await room.making(() => stage(this.#parts, ino))
      file.isLarge = true
      await room.making(() => this.announce(ino))
      resident.drop(ino)
    }
    await this.commit(facts, acknowledge)
  }

  #commitNow(facts: readonly Fact[], acknowledge: boolean, application: Application): void {
    const { sidecar, counters, journal, tree, files, applied, voids } = this.#parts
    const voided = [...this.#unannounced].filter((ino) => tree.inodes.has(ino))
    let frames: number
    try {
      // The batch may name what they say.
      this.journalChanges()
      ;({ frames } = journal)
      sidecar.commit(facts, { at: sidecar.age, frames, ...(voided.length > 0 && { voided }) })
    } catch (error) {
      application.undo()
      throw error
    }
    this.#unflushed = true
    counters.commits++
    applied.committed(application.relocations)
    applied.stored(voided)
    for (const ino of voided) {
      this.#unannounced.delete(ino)
      files.get(ino)!.dirtySeq = 0
      voids.set(ino, frames)
    }
    for (const { ino, dropped } of application.relocations) if (dropped) this.#drop(ino)
    if (acknowledge) this.acknowledge()
    if (sidecar.checkpointDue) this.checkpoint()
  }

  #drop(ino: Ino): void {
    const { resident, files, order } = this.#parts
    resident.drop(ino)
    const file = files.get(ino)
    if (file === undefined) return
    order.forget(file)
    files.delete(ino)
    this.#dropped.set(ino, file)
    this.#droppedBytes += file.size
  }

  /** Large files that the batch names first, or in another's place, and that are not on storage. */
  #largeNamedBy(facts: readonly Fact[]): StoredFile[] {
    const { files } = this.#parts
    return facts.flatMap((fact) => {
      if (fact.type !== 'entry') return []
      const file = files.get(fact.ino)
      if (file === undefined || !file.needsFlush) return []
      // Content in staging counts for nothing until it has its name.
      const isNew = file.path.startsWith(`${STAGING_PATH}/`)
      return isNew || fact.replaces === true ? [file] : []
    })
  }
}
