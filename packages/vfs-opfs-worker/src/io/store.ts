// The store over OPFS, as the serving loop calls it: content of files, and through the committer the
// names they have. Small files are in memory once they are written to, and reach OPFS by the journal and
// the landing; large ones are written in place. A call returns without a promise unless a file has to be
// opened or the program has to wait for the landing.

import {
  VfsError,
  type Fact,
  type Ino,
  type SpaceStatistics,
  type VfsCounters,
} from '@wasm-vfs/core/backend'
import { Committer } from './committer.ts'
import type { IoStore } from './io-store.ts'
import { Landing } from './landing.ts'
import type { OpenFile } from './open-file.ts'
import type { StoreParts } from './parts.ts'
import { isNoSpace } from './room.ts'
import type { SpaceEstimate } from './space.ts'
import type { StoredFile } from './stored-file.ts'

export interface StoreLimits {
  /** Content in memory, in bytes; beyond it the largest files go to OPFS. */
  readonly residentMax: number
  /** A file of more bytes is written in place. */
  readonly smallMax: number
  /** Bytes of the journal at which the program waits for the landing. */
  readonly journalMax: number
  /** Changes of small files that no frame has, in bytes: what the reservation keeps room for. */
  readonly changedMax: number
}

export const STORE_LIMITS: StoreLimits = {
  residentMax: 64 * 1024 * 1024,
  smallMax: 1024 * 1024,
  journalMax: 64 * 1024 * 1024,
  changedMax: 1024 * 1024,
}

/** Bytes left, beside what large files may want, at which each growth is asked for. */
const SCARCE = 32 * 1024 * 1024

export class OpfsStore implements IoStore {
  readonly #parts: StoreParts
  readonly #committer: Committer
  readonly #landing: Landing
  readonly #limits: StoreLimits
  readonly #space: SpaceEstimate
  readonly #hot: readonly Ino[]
  #changedBytes = 0
  #hotNoted = 0

  /** `hot`: what the session before used first. */
  constructor(parts: StoreParts, limits: StoreLimits, hot: readonly Ino[], space: SpaceEstimate) {
    this.#hot = hot
    this.#space = space
    this.#parts = parts
    this.#limits = limits
    this.#committer = new Committer(parts)
    this.#landing = new Landing(parts, this.#committer, limits.journalMax)
  }

  async openAhead(): Promise<void> {
    const { files, handles } = this.#parts
    await handles.openAhead(this.#hot.flatMap((ino) => files.get(ino) ?? []))
  }

  // ---- Content.

  read(ino: Ino, into: Uint8Array, at: number): void | Promise<void> {
    const { resident, files, handles } = this.#parts
    const file = files.get(ino)
    this.#noteUse(ino)
    if (file === undefined || resident.has(ino)) return resident.read(ino, into, at)
    return handles.with(file, (open) => open.read(into, at))
  }

  write(ino: Ino, from: Uint8Array, at: number): void | Promise<void> {
    const isSmall = at + from.length <= this.#limits.smallMax
    const change: Change = {
      inMemory: () => this.#parts.resident.write(ino, from, at),
      bytes: from.length,
      inPlace: (file, open) => {
        this.#beforeChange(file, open, at)
        this.#restoring(file, open, () => open.write(from, at))
        file.lastWriteAt = at
        file.lastWriteEnd = at + from.length
        file.size = Math.max(file.size, file.lastWriteEnd)
      },
    }
    return this.#parts.room.making(() => this.#changing(ino, isSmall, change))
  }

  resize(ino: Ino, _size: number, newSize: number): void | Promise<void> {
    const change: Change = {
      inMemory: () => this.#parts.resident.resize(ino, newSize),
      bytes: 0,
      inPlace: (file, open) => {
        this.#beforeChange(file, open, Math.min(file.size, newSize))
        // The log must know that this file is changing before it can be shorter than the log says.
        if (newSize < file.size) this.#flushDirtyNote(file)
        this.#restoring(file, open, () => open.truncate(newSize))
        file.lastWriteAt = file.lastWriteEnd = newSize
        file.size = newSize
      },
    }
    const isSmall = newSize <= this.#limits.smallMax
    return this.#parts.room.making(() => this.#changing(ino, isSmall, change))
  }

  drop(ino: Ino): void | Promise<void> {
    const { files, resident, tree } = this.#parts
    // Until a batch says that it is gone a crash brings it back, with what it held.
    if (tree.inodes.has(ino)) return undefined
    resident.drop(ino)
    const file = files.get(ino)
    return file === undefined ? undefined : this.#dropStaged(file)
  }

  fsync(ino: Ino): void | Promise<void> {
    return this.#parts.room.making(() => this.#fsync(ino))
  }

  #fsync(ino: Ino): void | Promise<void> {
    const { files, order, resident, tree } = this.#parts
    order.checkDeadline()
    const file = files.get(ino)
    file?.state.checkSound()
    // Content without a name is brought by the batch that names it.
    if (!tree.inodes.has(ino)) return undefined
    if (resident.isChanged(ino)) this.#committer.journalChanges()
    this.#committer.acknowledge()
    const landed = this.#keepingUp()
    if (landed !== undefined || file?.needsFlush !== true) return landed
    return this.#fsyncInPlace(file)
  }

  async syncAll(): Promise<void> {
    await this.#parts.room.making(() => this.#syncAll())
  }

  async #syncAll(): Promise<void> {
    const { files, order, flusher, access } = this.#parts
    order.checkDeadline()
    const pending: StoredFile[] = []
    for (const file of files.values()) {
      if (!file.needsFlush) continue
      file.state.checkSound()
      if (this.#mayPutOff && file.open !== undefined) order.defer(file)
      else pending.push(file)
    }
    await flusher.flushFiles(pending)
    this.#committer.journalChanges()
    this.#committer.acknowledge()
    await access.settle()
    await this.#keepingUp()
  }

  // ---- Metadata.

  commit(facts: readonly Fact[], acknowledge: boolean): void | Promise<void> {
    const committed = this.#committer.commit(facts, acknowledge)
    return committed === undefined ? this.#keepingUp() : committed.then(() => this.#keepingUp())
  }

  acknowledge(): void | Promise<void> {
    return this.#parts.room.making(() => {
      this.#parts.order.checkDeadline()
      this.#committer.acknowledge()
    })
  }

  writeBack(): void | Promise<void> {
    return this.#parts.room.making(() => this.#committer.journalChanges())
  }

  // ---- Space, time, end.

  reserve(bytes: number, ino?: Ino, size = 0): number | Promise<number> {
    const { reservation, files } = this.#parts
    if (bytes === 0) return reservation.available
    const file = ino === undefined ? undefined : files.get(ino)
    const inItself = reservation.isScarce && file !== undefined && !this.#isSmall(file)
    const reserving = (): number | Promise<number> =>
      inItself ? this.#takeAhead(file, size) : reservation.reserve(bytes)
    const reserved = reserving()
    if (typeof reserved === 'number') return reserved
    return reserved.catch((error: unknown) => this.#reserveAgain(reserving, error))
  }

  /** Open files and the journal may have been given more space than they need. */
  async #reserveAgain(reserving: () => number | Promise<number>, error: unknown): Promise<number> {
    if (!isNoSpace(error)) throw error
    await this.#landing.finish()
    this.#parts.handles.evictAll()
    return await reserving()
  }

  /**
   * The file itself is given the space: what it gives up again is kept for it while it is open. Nothing
   * is promised yet, so nothing that is reserved is given up for it.
   */
  async #takeAhead(file: StoredFile, size: number): Promise<number> {
    const { handles, reservation } = this.#parts
    await handles.with(file, (open) => {
      if (open.size >= size) return
      this.#beforeChange(file, open, file.size)
      this.#restoring(file, open, () => open.truncate(size))
      this.#cutBack(file, open)
    })
    return reservation.available
  }

  /** Otherwise a crash would show zeros behind the end, also of a size that a sync has vouched for. */
  #cutBack(file: StoredFile, open: OpenFile): void {
    try {
      open.truncate(file.size)
    } catch (thrown) {
      // Not for lack of space, which would have it tried again: it makes the file shorter.
      const detail = 'the space that was taken for the file cannot be cut off again'
      const error = new VfsError('EIO', 'truncate', { path: file.path, detail, cause: thrown })
      file.state.fail(error)
      throw error
    }
  }

  async housekeeping(): Promise<SpaceStatistics> {
    const { sidecar, reservation, access } = this.#parts
    this.#noteHotFiles()
    if (sidecar.begun && sidecar.checkpointDue) this.#committer.checkpoint()
    await access.settle()
    const space = await this.#space.refresh(reservation.held, reservation.isScarce)
    if (space.total > 0) {
      reservation.isScarce = space.free < SCARCE + 2 * this.#largestFile()
    }
    return space
  }

  relaxDurability(): void {
    this.#parts.level.current = 'relaxed'
  }

  nextDeadline(): number | undefined {
    return this.#parts.order.deadline
  }

  tick(): void {
    this.#parts.order.checkDeadline()
  }

  get failure(): VfsError | undefined {
    return this.#parts.order.failure
  }

  get isBehind(): boolean {
    return this.#landing.isDue
  }

  catchUp(): Promise<void> {
    return this.#landing.step()
  }

  async close(clean: boolean): Promise<void> {
    const { sidecar, journal, handles, reservation, access, room } = this.#parts
    let closing = clean
    try {
      if (clean) await room.making(() => this.#finishAll())
    } catch (error) {
      closing = false
      throw error
    } finally {
      try {
        try {
          sidecar.close(closing)
        } finally {
          journal.close()
        }
        await access.settle()
      } finally {
        handles.closeAll()
        reservation.letGo()
        await access.settle()
      }
    }
  }

  stats(): VfsCounters {
    return { ...this.#parts.counters }
  }

  #largestFile(): number {
    let largest = 0
    for (const { size } of this.#parts.files.values()) largest = Math.max(largest, size)
    return largest
  }

  // ---- Changes of files.

  #changing(ino: Ino, isSmall: boolean, change: Change): void | Promise<void> {
    const { handles, files, resident, journal, order } = this.#parts
    const file = files.get(ino)
    this.#noteUse(ino)
    if (resident.has(ino) || file === undefined) {
      if (!isSmall) return this.#moveOut(ino, change)
      change.inMemory()
      return this.#changed(ino, change.bytes)
    }
    if (!isSmall || !this.#isSmall(file)) {
      if (journal.mentions(ino)) {
        // It has landed, and memory has let go of it. What frames say of it must not come back over what is
        // written in place.
        order.flushAll()
        this.#committer.announce(ino)
      }
      return handles.with(file, (open) => change.inPlace(file, open))
    }
    return handles.with(file, (open) => {
      const bytes = new Uint8Array(open.size)
      open.read(bytes, 0)
      resident.adopt(ino, bytes)
      change.inMemory()
      return this.#changed(ino, change.bytes)
    })
  }

  #isSmall(file: StoredFile): boolean {
    return !file.isLarge && file.size <= this.#limits.smallMax
  }

  async #moveOut(ino: Ino, change: Change): Promise<void> {
    const file = await this.#landing.moveOut(ino)
    await this.#parts.handles.with(file, (open) => change.inPlace(file, open))
  }

  #changed(ino: Ino, bytes: number): void | Promise<void> {
    const { resident, tree } = this.#parts
    if (tree.inodes.has(ino)) {
      this.#changedBytes += bytes
      if (this.#changedBytes > this.#limits.changedMax) {
        this.#changedBytes = 0
        this.#committer.journalChanges()
        return this.#keepingUp()
      }
    }
    return resident.bytes > this.#limits.residentMax ? this.#relieve() : undefined
  }

  /** Makes room in memory: what is in its file as it is here first, then the largest. */
  async #relieve(): Promise<void> {
    const { resident, files } = this.#parts
    for (const ino of resident.inos()) {
      if (files.has(ino) && !resident.isChanged(ino) && !resident.isUnlanded(ino))
        resident.drop(ino)
    }
    while (resident.bytes > this.#limits.residentMax / 2) {
      const ino = resident.largest()
      if (ino === undefined) return
      await this.#landing.moveOut(ino)
    }
  }

  /** The program waits if the journal has grown long. */
  #keepingUp(): void | Promise<void> {
    return this.#landing.isOverdue ? this.#landing.finish() : undefined
  }

  #fsyncInPlace(file: StoredFile): void | Promise<void> {
    const { order, flusher, handles } = this.#parts
    if (!this.#mayPutOff) return flusher.flush(file)
    return handles.with(file, () => order.defer(file))
  }

  /** A relaxed fsync only hands the bytes down; without sync access handles that takes a flush. */
  get #mayPutOff(): boolean {
    const { level, access } = this.#parts
    return level.current === 'relaxed' && access.isSynchronous
  }

  #beforeChange(file: StoredFile, open: OpenFile, at: number): void {
    const { order, sidecar, applied } = this.#parts
    open.checkSound()
    order.before(file, at)
    if (file.dirtySeq > 0) return
    sidecar.append({ dirty: [file.ino] })
    file.dirtySeq = sidecar.seq
    // After a power cut, only its size tells a file that was moved here, or is to be, from another.
    if (applied.away.has(file.ino) || file.hasMoved) this.#flushDirtyNote(file)
  }

  #flushDirtyNote(file: StoredFile): void {
    const { sidecar } = this.#parts
    if (sidecar.durableSeq < file.dirtySeq) this.#committer.flushLog()
  }

  /** After a failed growth the file is as long as before, unless not even that can be had. */
  #restoring(file: StoredFile, open: OpenFile, action: () => void): void {
    try {
      action()
    } catch (error) {
      try {
        if (open.size > file.size) open.truncate(file.size)
      } catch (second) {
        // What is too long is cut when the file is next opened; the first failure is the one to report.
        if (!(second instanceof VfsError)) throw second
      }
      throw error
    }
  }

  // ---- Its end.

  /** A file without a name is being made: which of these will be used first, nobody knows. */
  #noteUse(ino: Ino): void {
    const { tree, handles } = this.#parts
    if (tree.inodes.has(ino)) handles.noteUse(ino)
  }

  /** What the next open should have at hand; a log that this session has not touched stays as it is. */
  #noteHotFiles(): void {
    const { sidecar, handles } = this.#parts
    const hot = [...handles.firstUsed]
    if (!sidecar.begun || hot.length === this.#hotNoted) return
    try {
      sidecar.append({ hot })
      this.#hotNoted = hot.length
    } catch (error) {
      // It only saves time, and no space is to be given up for it.
      if (!isNoSpace(error)) throw error
    }
  }

  /** Whatever the level puts off is done now. */
  async #finishAll(): Promise<void> {
    const { order, files, flusher, sidecar, reservation, access } = this.#parts
    order.flushAll()
    await flusher.flushFiles([...files.values()].filter((file) => file.needsFlush))
    await this.#landing.finish()
    this.#noteHotFiles()
    // An open tells by it what other code has put where files of this session have been.
    if (sidecar.begun && this.#parts.applied.movedFrom.size > 0)
      sidecar.append({ left: Date.now() })
    sidecar.sync()
    await reservation.empty()
    await access.settle()
  }

  async #dropStaged(file: StoredFile): Promise<void> {
    const { files, handles, directories, order } = this.#parts
    order.forget(file)
    handles.close(file)
    files.delete(file.ino)
    this.#committer.forget(file.ino)
    await directories.remove(file.path)
  }
}

/** The same change, wherever the file's content is. */
interface Change {
  inMemory(): void
  /** By how many it may have changed. */
  readonly bytes: number
  inPlace(file: StoredFile, open: OpenFile): void
}
