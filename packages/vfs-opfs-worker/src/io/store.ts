// The store over OPFS, as the serving loop calls it: content of files, and through the committer the
// names they have. A call returns without a promise unless a file has to be opened or names change.

import {
  toVfsError,
  VfsError,
  type Fact,
  type Ino,
  type SpaceStatistics,
  type VfsCounters,
} from '@wasm-vfs/core/backend'
import { Committer } from './committer.ts'
import type { IoStore } from './io-store.ts'
import { SETTLING_MS, STAGING_PATH, stagingPath } from './layout.ts'
import type { OpenFile } from './open-file.ts'
import type { StoreParts } from './parts.ts'
import { SpaceEstimate } from './space.ts'
import { StoredFile } from './stored-file.ts'

/** Content without a committed name that is kept in memory, in bytes; beyond it the largest goes to staging. */
const FRESH_MAX = 64 * 1024 * 1024

export class OpfsStore implements IoStore {
  readonly #parts: StoreParts
  readonly #committer: Committer
  readonly #space = new SpaceEstimate()
  readonly #freshMax: number
  #hotNoted = 0

  constructor(parts: StoreParts, freshMax: number = FRESH_MAX) {
    this.#parts = parts
    this.#committer = new Committer(parts)
    this.#freshMax = freshMax
  }

  // ---- Content.

  read(ino: Ino, into: Uint8Array, at: number): void | Promise<void> {
    const file = this.#parts.files.get(ino)
    if (file === undefined) return this.#parts.fresh.read(ino, into, at)
    const { handles } = this.#parts
    handles.noteUse(file)
    return handles.with(file, (open) => open.read(into, at))
  }

  write(ino: Ino, from: Uint8Array, at: number): void | Promise<void> {
    const file = this.#parts.files.get(ino)
    if (file === undefined) return this.#writeFresh(ino, from, at)
    const work = (open: OpenFile): void => {
      this.#beforeChange(file, open, at)
      const growth = at + from.length - open.size
      this.#restoring(file, open, () => this.#parts.growing(growth, () => open.write(from, at)))
      file.lastWriteAt = at
      file.lastWriteEnd = at + from.length
      file.size = Math.max(file.size, file.lastWriteEnd)
    }
    return this.#changing(file, work)
  }

  resize(ino: Ino, _size: number, newSize: number): void | Promise<void> {
    const { files, fresh, reservation, growing } = this.#parts
    const file = files.get(ino)
    if (file === undefined) return reservation.owe(fresh.resize(ino, newSize))
    return this.#changing(file, (open) => {
      this.#beforeChange(file, open, Math.min(file.size, newSize))
      // The log must know that this file is changing before it can be shorter than the log says.
      if (newSize < file.size) this.#flushDirtyNote(file)
      this.#restoring(file, open, () => growing(newSize - open.size, () => open.truncate(newSize)))
      file.lastWriteAt = file.lastWriteEnd = newSize
      file.size = newSize
    })
  }

  drop(ino: Ino): void | Promise<void> {
    const { files, fresh, tree, reservation } = this.#parts
    const file = files.get(ino)
    if (file === undefined) {
      reservation.owe(-fresh.sizeOf(ino))
      return fresh.drop(ino)
    }
    // No batch has named it, so none will say that it is gone.
    return tree.inodes.has(ino) ? undefined : this.#dropSpilled(file)
  }

  fsync(ino: Ino): void | Promise<void> {
    const { files, order, flusher, handles } = this.#parts
    order.checkDeadline()
    const file = files.get(ino)
    // Content without a name is flushed by the batch that names it.
    if (file === undefined) return undefined
    file.state.checkSound()
    if (!file.needsFlush) return undefined
    if (!this.#mayPutOff(file)) return flusher.flush(file)
    return handles.with(file, () => order.defer(file))
  }

  async syncAll(): Promise<void> {
    const { files, order, flusher, access } = this.#parts
    order.checkDeadline()
    const pending: StoredFile[] = []
    for (const file of files.values()) {
      if (!file.needsFlush) continue
      if (this.#mayPutOff(file) && file.open !== undefined) order.defer(file)
      else pending.push(file)
    }
    await flusher.flushFiles(pending)
    this.#committer.acknowledge()
    await access.settle()
  }

  // ---- Metadata.

  commit(facts: readonly Fact[], acknowledge: boolean): void | Promise<void> {
    return this.#committer.commit(facts, acknowledge)
  }

  // ---- Space, time, end.

  reserve(bytes: number): number | Promise<number> {
    return bytes === 0 ? this.#parts.reservation.available : this.#parts.reservation.reserve(bytes)
  }

  async housekeeping(): Promise<SpaceStatistics> {
    const { sidecar, reservation, access } = this.#parts
    this.#noteHotFiles()
    if (sidecar.begun && sidecar.checkpointDue) {
      await this.#committer.finish()
      this.#committer.checkpoint()
    }
    await access.settle()
    return await this.#space.refresh(reservation.held)
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

  async close(clean: boolean): Promise<void> {
    const { sidecar, handles, reservation, access } = this.#parts
    let closing = clean
    try {
      if (clean) await this.#finishAll()
    } catch (error) {
      closing = false
      throw error
    } finally {
      try {
        sidecar.close(closing)
        await access.settle()
      } finally {
        handles.closeAll()
        reservation.close()
        await access.settle()
      }
    }
  }

  stats(): VfsCounters {
    return { ...this.#parts.counters }
  }

  // ---- Changes of stored files.

  #changing(file: StoredFile, work: (open: OpenFile) => void): void | Promise<void> {
    const { level, handles, flusher } = this.#parts
    handles.noteUse(file)
    if (level.current === 'strict' || flusher.suspects.size === 0) return handles.with(file, work)
    // What a dead session's relaxed fsyncs covered comes before anything that is written now.
    return flusher.flushSuspects().then(() => handles.with(file, work))
  }

  /** A relaxed fsync only hands the bytes down; without sync access handles that takes a flush. */
  #mayPutOff(file: StoredFile): boolean {
    const { level, access } = this.#parts
    return level.current === 'relaxed' && access.isSynchronous && !file.suspect
  }

  #beforeChange(file: StoredFile, open: OpenFile, at: number): void {
    const { order, sidecar, growing, flusher } = this.#parts
    open.checkSound()
    if (file.suspect) flusher.flushOpen(file, open)
    order.before(file, at)
    if (file.dirtySeq > 0) return
    growing(0, () => sidecar.append({ dirty: [file.ino] }))
    file.dirtySeq = sidecar.seq
    // After a power cut, only its size tells a file that was just moved here from another.
    if (file.movedAt + SETTLING_MS > Date.now()) this.#flushDirtyNote(file)
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

  /** What the next open should have at hand; a log that this session has not touched stays as it is. */
  #noteHotFiles(): void {
    const { sidecar, handles, growing } = this.#parts
    const hot = handles.firstUsed
    if (!sidecar.begun || hot.length === this.#hotNoted) return
    growing(0, () => sidecar.append({ hot }))
    this.#hotNoted = hot.length
  }

  /** Whatever the level puts off is done now. */
  async #finishAll(): Promise<void> {
    const { order, files, flusher, sidecar, reservation, access } = this.#parts
    order.flushAll()
    await flusher.flushFiles([...files.values()].filter((file) => file.needsFlush))
    await this.#committer.finish()
    this.#noteHotFiles()
    sidecar.sync()
    reservation.empty()
    await access.settle()
  }

  // ---- Content without a name.

  #writeFresh(ino: Ino, from: Uint8Array, at: number): void | Promise<void> {
    const { fresh, reservation } = this.#parts
    reservation.owe(fresh.write(ino, from, at))
    return fresh.bytes > this.#freshMax ? this.#spill() : undefined
  }

  /** Moves the largest files to staging until the rest is well within the bound. */
  async #spill(): Promise<void> {
    const { fresh } = this.#parts
    while (fresh.bytes > this.#freshMax / 2) {
      const ino = fresh.largest()
      if (ino === undefined) return
      await this.#spillFile(ino)
    }
  }

  async #spillFile(ino: Ino): Promise<void> {
    const { fresh, directories, handles, files, reservation, growing } = this.#parts
    const path = stagingPath(ino)
    const file = new StoredFile(ino, path, 0)
    const size = fresh.sizeOf(ino)
    try {
      await directories.get(STAGING_PATH, { create: true })
      file.handle = await directories.file(path, { create: true })
      await handles.with(file, (open) => fresh.writeTo(ino, open, growing))
    } catch (thrown) {
      // The bytes are still in memory; the write that led here has been carried out.
      handles.close(file)
      await directories.remove(path)
      throw toVfsError(thrown, 'write', { path })
    }
    file.size = size
    // Nobody reads it after a crash, so no note in the log is needed.
    file.dirtySeq = this.#parts.sidecar.seq
    files.set(ino, file)
    fresh.drop(ino)
    reservation.owe(-size)
  }

  async #dropSpilled(file: StoredFile): Promise<void> {
    const { files, handles, directories, order } = this.#parts
    order.forget(file)
    handles.close(file)
    files.delete(file.ino)
    await directories.remove(file.path)
  }
}
