// Batches of metadata: makes what they rely on, logs them, and carries them out in OPFS. The line in the
// log is the commit. What comes before it is undone if it fails, here or at the next open; what comes
// after it is completed, here or at the next open.

import { toVfsError, VfsError, type Fact } from '@wasm-vfs/core/backend'
import { carryOut } from './carry-out.ts'
import { forAll } from './directories.ts'
import { SETTLING_MS, STAGING_PATH, stagingPath } from './layout.ts'
import type { StoreParts } from './parts.ts'
import { hasSteps, planSteps, type Placed, type Plan } from './plan.ts'
import { departuresOf, imageOf } from './sidecar.ts'
import { StoredFile } from './stored-file.ts'
import type { Application } from './tree.ts'

export class Committer {
  readonly #parts: StoreParts
  // Committed, and not or not all carried out.
  #unfinished: Plan | undefined
  // Places that files have left, and when; see StoredFile.movedAt.
  readonly #vacated = new Map<string, number>()
  // Batches that no flush of the log has covered.
  #unflushed = false

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  commit(facts: readonly Fact[], acknowledge: boolean): void | Promise<void> {
    const { order, tree, level, flusher } = this.#parts
    const suspicious = level.current === 'relaxed' && flusher.suspects.size > 0
    if (this.#unfinished !== undefined || suspicious) {
      return this.#commitAfterOthers(facts, acknowledge, suspicious)
    }
    // What was fsynced before is on storage before the batch, which says what came after.
    order.flushAll()
    const now = Date.now()
    const application = tree.apply(facts, now)
    if (application.relocations.length > 0) {
      return this.#commitRelocations(facts, acknowledge, now, application)
    }
    try {
      this.#log(facts, now)
    } catch (error) {
      application.undo()
      throw error
    }
    if (acknowledge) this.acknowledge()
    this.#checkpointIfDue()
    return this.#parts.access.settle()
  }

  /** Batches committed so far are as durable as the level promises of an fsync. */
  acknowledge(): void {
    if (!this.#unflushed) return
    const { level, order } = this.#parts
    if (level.current === 'strict') this.flushLog()
    else order.deferLog(() => this.flushLog())
  }

  flushLog(): void {
    this.#parts.sidecar.flush()
    this.#unflushed = false
  }

  /** Carries out what a failure has left undone; throws if that fails again. */
  async finish(): Promise<void> {
    const plan = this.#unfinished
    if (plan === undefined) return
    const { directories, files, handles, sidecar, access } = this.#parts
    // What is moved or removed cannot be brought back, so that waits for the batch to be on storage.
    if (this.#unflushed) this.flushLog()
    await access.settle()
    await carryOut(
      plan,
      {
        directories,
        fileOf: (ino) => files.get(ino),
        closeHandle: (file) => handles.close(file),
        markStaged: () => {
          sidecar.append({ staged: true })
          this.flushLog()
          return access.settle()
        },
      },
      false,
    )
    sidecar.carriedOut()
    this.#unfinished = undefined
  }

  checkpoint(): void {
    const { sidecar, tree, files, counters, order, handles } = this.#parts
    // An image holds all committed batches and is flushed.
    order.flushAll()
    const dirty = [...files.values()].flatMap((file) => (file.needsFlush ? file.ino : []))
    const notes = { dirty, hot: handles.firstUsed }
    if (!sidecar.checkpoint(imageOf(tree, notes, Date.now()))) return
    counters.checkpoints++
    this.#unflushed = false
    for (const [path, time] of this.#vacated) {
      if (time + SETTLING_MS <= Date.now()) this.#vacated.delete(path)
    }
    for (const file of files.values()) file.dirtySeq = file.needsFlush ? sidecar.seq : 0
  }

  async #commitAfterOthers(
    facts: readonly Fact[],
    acknowledge: boolean,
    suspicious: boolean,
  ): Promise<void> {
    // What a dead session's relaxed fsyncs covered comes before anything that is committed now.
    if (suspicious) await this.#parts.flusher.flushSuspects()
    await this.finish()
    await this.commit(facts, acknowledge)
  }

  async #commitRelocations(
    facts: readonly Fact[],
    acknowledge: boolean,
    now: number,
    application: Application,
  ): Promise<void> {
    const { relocations } = application
    const { access, fresh, files, handles, order, flusher, reservation } = this.#parts
    const plan = planSteps(relocations, {
      isStaged: (ino) => files.get(ino)?.path === stagingPath(ino),
      keepOrphans: true,
    })
    const made: StoredFile[] = []
    try {
      await this.#makeWhatIsNew(plan, made)
      await this.#flushWhatReplaces(facts, plan)
      // A file about to be moved or removed must not be reopened for a deferred flush.
      order.flushAll()
      await access.settle()
      this.#log(facts, now)
    } catch (error) {
      application.undo()
      await this.#unmake(plan, made)
      throw error
    }
    for (const path of departuresOf(relocations)) this.#vacated.set(path, now)
    for (const file of made) {
      if (this.#vacated.has(file.path)) file.movedAt = now
      files.set(file.ino, file)
      fresh.drop(file.ino)
      reservation.owe(-file.size)
    }
    for (const { ino, from } of plan.moves) {
      // What nobody would have read after a crash has been noted nowhere.
      if (isStaging(from)) files.get(ino)!.dirtySeq = 0
    }
    const steps = hasSteps(plan)
    if (steps) this.#unfinished = plan
    else if (acknowledge) this.acknowledge()
    // From here on the batch counts; but if not even the log can be flushed, nobody can say so.
    if (steps) this.flushLog()
    await access.settle()
    const dropped = relocations.flatMap(({ ino, dropped: gone }) => (gone && files.get(ino)) || [])
    for (const file of dropped) {
      order.forget(file)
      flusher.forget(file)
      handles.close(file)
    }
    if (steps) await this.#finishIfPossible()
    for (const { ino } of dropped) files.delete(ino)
    if (this.#unfinished === undefined) this.#checkpointIfDue()
    await access.settle()
  }

  /** The batch is committed, so this is no failure of the commit: the next one, or an open, completes it. */
  async #finishIfPossible(): Promise<void> {
    try {
      await this.finish()
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
    }
  }

  #log(facts: readonly Fact[], now: number): void {
    const { sidecar, counters, growing } = this.#parts
    growing(0, () => sidecar.commit(facts, now))
    this.#unflushed = true
    counters.commits++
  }

  #checkpointIfDue(): void {
    if (this.#parts.sidecar.checkpointDue) this.checkpoint()
  }

  // ---- Before the commit.

  async #makeWhatIsNew(plan: Plan, made: StoredFile[]): Promise<void> {
    const { directories, sidecar, access, flusher } = this.#parts
    const intent = plan.makeDirectories.map((path) => `${path}/`)
    for (const { path } of plan.makeFiles) if (!isStaging(path)) intent.push(path)
    if (intent.length > 0) {
      // On storage before the first name can be, or a crash could leave names that nobody asked for.
      sidecar.append({ intent, since: Date.now() })
      this.flushLog()
      await access.settle()
    }
    for (const path of plan.makeDirectories) await directories.make(path)
    await forAll(plan.makeFiles, (each) => this.#makeFile(each, made), flusher.parallel)
    await access.settle()
  }

  async #makeFile({ ino, path }: Placed, made: StoredFile[]): Promise<void> {
    const { directories, fresh, handles, growing } = this.#parts
    if (isStaging(path)) await directories.get(STAGING_PATH, { create: true })
    const size = fresh.sizeOf(ino)
    // OPFS makes no file exclusively. One with content that is in the way shows when it is opened.
    if (size === 0 && (await directories.find(path)) !== undefined) throw inTheWay(path)
    const file = new StoredFile(ino, path, 0)
    try {
      file.handle = await directories.file(path, { create: true })
    } catch (thrown) {
      throw toVfsError(thrown, 'create', { path })
    }
    if (size > 0) {
      file.making = true
      try {
        await handles.with(file, (open) => {
          fresh.writeTo(ino, open, growing)
          open.flush()
        })
      } catch (error) {
        if (!(error instanceof VfsError) || error.code !== 'EEXIST') made.push(file)
        throw error
      }
      file.making = false
    }
    made.push(file)
    file.size = size
    file.lastWriteEnd = size
  }

  /** A name must not lead to new content before that is on storage; else a crash could lose both. */
  async #flushWhatReplaces(facts: readonly Fact[], plan: Plan): Promise<void> {
    const { files, flusher } = this.#parts
    const named = facts.flatMap((fact) => {
      if (fact.type !== 'entry') return []
      const file = files.get(fact.ino)
      // Content in staging counts for nothing until it has its name.
      const needed = fact.replaces === true || (file !== undefined && isStaging(file.path))
      return file !== undefined && needed && file.needsFlush ? [file] : []
    })
    for (const file of named) await flusher.flush(file)
    if (plan.moves.length > 0) await this.#parts.access.settle()
  }

  async #unmake(plan: Plan, made: readonly StoredFile[]): Promise<void> {
    const { directories, handles, sidecar } = this.#parts
    try {
      for (const file of made) {
        handles.close(file)
        await directories.remove(file.path)
      }
      for (const path of plan.makeDirectories.toReversed()) await directories.removeDirectory(path)
      if (plan.makeFiles.length > 0 || plan.makeDirectories.length > 0) {
        sidecar.append({ undone: true })
      }
    } catch (error) {
      // The failure that led here is the one to report. The next open undoes what is left.
      if (!(error instanceof VfsError)) throw error
    }
  }
}

/** Other code has put a file where the program makes one. */
export function inTheWay(path: string): VfsError {
  return new VfsError('EEXIST', 'create', {
    path,
    detail: 'other code has put a file of this name here while the store was open',
  })
}

function isStaging(path: string): boolean {
  return path.startsWith(`${STAGING_PATH}/`)
}
