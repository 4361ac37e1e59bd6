// Brings OPFS up to date with the log and the journal: names are put in order, files that are new are made,
// and what has changed in small files is written into them. Nobody waits for it, as a rule: it goes on in
// steps while the program has nothing to ask, and to its end when the store is closed or the journal has
// grown long. A crash at any point of it loses nothing, because the log and the journal say it all until
// what they say is on storage; then the journal forgets it.

import { toVfsError, VfsError, type Ino } from '@wasm-vfs/core/backend'
import { makingWay, moveAside } from './aside.ts'
import type { Committer } from './committer.ts'
import { forAll } from './directories.ts'
import { JOURNAL_PATH } from './layout.ts'
import type { OpenFile } from './open-file.ts'
import type { StoreParts } from './parts.ts'
import { stage } from './staging.ts'
import { StoredFile } from './stored-file.ts'

/** Files in one step: a request that comes meanwhile waits for them. */
const STEP_FILES = 8
/** With the largest frame after it that is less than what the store keeps for itself, as Chromium counts. */
const JOURNAL_MAX_SCARCE = 512 * 1024
/** More space than this, in bytes, is given back to the browser when it is over. */
const JOURNAL_KEPT = 8 * 1024 * 1024
const JOURNAL_KEPT_SCARCE = 2 * 1024 * 1024

export class Landing {
  readonly #parts: StoreParts
  readonly #committer: Committer
  readonly #journalMax: number

  /** The program is not made to wait before the journal and removed files have more than `journalMax` bytes. */
  constructor(parts: StoreParts, committer: Committer, journalMax: number) {
    this.#parts = parts
    this.#committer = committer
    this.#journalMax = journalMax
  }

  /** OPFS is behind. */
  get isDue(): boolean {
    const { applied, journal } = this.#parts
    return applied.away.size > 0 || journal.bytes > 0 || this.#hasUnmade()
  }

  /** It is so far behind that the program has to wait. */
  get isOverdue(): boolean {
    const { journal, reservation } = this.#parts
    if (reservation.isShort && this.isDue) return true
    const most = reservation.isScarce ? JOURNAL_MAX_SCARCE : Infinity
    return journal.bytes + this.#committer.droppedBytes > Math.min(most, this.#journalMax)
  }

  /** To the end. */
  async finish(): Promise<void> {
    while (this.isDue) await this.step()
  }

  /** A few files; nothing else is done with the store meanwhile. */
  async step(): Promise<void> {
    await this.#parts.room.making(() => this.#step())
  }

  async #step(): Promise<void> {
    const { order, access, applied } = this.#parts
    order.flushAll()
    // A file may only be written where frames say what it is to be: a crash in the middle leaves neither
    // the old bytes nor the new, and what no frame says could not be restored.
    this.#committer.journalChanges()
    this.#committer.flushAll()
    await access.settle()
    if (applied.away.size > 0) return await this.#committer.arrange()
    const unmade = this.#unmade(STEP_FILES)
    if (unmade.length > 0) return await this.#make(unmade)
    const unlanded = this.#unlanded(STEP_FILES)
    if (unlanded.length > 0) return await this.#land(unlanded)
    await this.#forgetJournal()
  }

  /** From now on the file is written in place: it has become large, or there is no memory for it. */
  async moveOut(ino: Ino): Promise<StoredFile> {
    return await this.#parts.room.making(() => this.#moveOut(ino))
  }

  async #moveOut(ino: Ino): Promise<StoredFile> {
    const { files, resident, order, handles } = this.#parts
    order.flushAll()
    const stored = files.get(ino)
    if (stored !== undefined && resident.isUnlanded(ino)) {
      this.#committer.journalChanges()
      this.#committer.flushAll()
      await handles.with(stored, (open) => this.#landOpen(stored, open))
    }
    const file = stored ?? (await stage(this.#parts, ino))
    this.#committer.announce(ino)
    resident.drop(ino)
    file.isLarge = true
    return file
  }

  // ---- New files.

  #hasUnmade(): boolean {
    return this.#unmade(1).length > 0
  }

  #unmade(most: number): Ino[] {
    const inos: Ino[] = []
    for (const ino of this.#parts.applied.unmade) {
      if (inos.length === most) break
      // What has lost its name while it is open stays in memory: nobody has it open after a crash.
      if (this.#parts.tree.pathOf(ino) !== undefined) inos.push(ino)
    }
    return inos
  }

  async #make(inos: readonly Ino[]): Promise<void> {
    const { tree, sidecar, access, applied, files, resident } = this.#parts
    const intent = inos.map((ino) => tree.pathOf(ino)!)
    for (const path of intent) await this.#moveFileAside(path)
    // On storage before the first name can be: an open removes what is there of it, and nothing else.
    sidecar.append({ intent, since: Date.now() })
    this.#committer.flushLog()
    await access.settle()
    const made: StoredFile[] = []
    try {
      const make = async (ino: Ino, path: string): Promise<void> => {
        made.push(await this.#makeFile(ino, path))
      }
      await forAll(inos, (ino) => make(ino, tree.pathOf(ino)!), this.#parallel)
      await access.settle()
      // Once the journal has forgotten it, a file that is not as long as the log says has to be noted.
      const grown = made.filter(({ ino, size }) => size !== tree.inodes.get(ino)!.size)
      const dirty = grown.map(({ ino }) => ino)
      // A flush of the log comes before the journal forgets what they hold.
      sidecar.append({ made: inos, at: sidecar.age, ...(dirty.length > 0 && { dirty }) })
      for (const file of grown) file.dirtySeq = sidecar.seq
    } catch (error) {
      await this.#unmake(made, intent)
      throw error
    }
    const { age } = sidecar
    applied.made(inos)
    for (const file of made) {
      tree.inodes.get(file.ino)!.born = age
      files.set(file.ino, file)
      if (resident.has(file.ino)) resident.landed(file.ino)
    }
  }

  async #makeFile(ino: Ino, path: string): Promise<StoredFile> {
    const { directories, resident, handles } = this.#parts
    const file = new StoredFile(ino, path, 0)
    try {
      file.handle = await makingWay(directories, path, () =>
        directories.file(path, { create: true }),
      )
    } catch (thrown) {
      throw toVfsError(thrown, 'create', { path })
    }
    if (this.#committer.wasVacated(path)) file.hasMoved = true
    const size = resident.sizeOf(ino)
    if (size === 0) return file
    file.making = true
    try {
      await handles.with(file, (open) => {
        resident.writeTo(ino, open)
        // Before the journal can forget it.
        open.flush()
      })
    } catch (error) {
      await this.#remove(file)
      throw error
    }
    this.#closeIfScarce(file)
    file.making = false
    file.size = size
    file.lastWriteEnd = size
    return file
  }

  async #unmake(made: readonly StoredFile[], intent: readonly string[]): Promise<void> {
    try {
      for (const file of made) await this.#remove(file)
      const { sidecar, applied } = this.#parts
      // As in an open that removes what is half made.
      const vacated = intent.map((path) => [path, sidecar.age] as const)
      sidecar.append({ undone: true, vacated })
      applied.left(vacated)
    } catch (error) {
      // The failure that led here is the one to report. The next open removes what is left.
      if (!(error instanceof VfsError)) throw error
    }
  }

  async #remove(file: StoredFile): Promise<void> {
    this.#parts.handles.close(file)
    await this.#parts.directories.remove(file.path)
  }

  /** What is not made anew would be taken for what the store has made. */
  async #moveFileAside(path: string): Promise<void> {
    const { directories } = this.#parts
    try {
      if ((await directories.find(path)) !== undefined) await moveAside(directories, path)
    } catch (thrown) {
      throw toVfsError(thrown, 'create', { path })
    }
  }

  // ---- Changed files.

  #unlanded(most: number): StoredFile[] {
    const { resident, tree, files } = this.#parts
    const found: StoredFile[] = []
    for (const ino of resident.inos()) {
      if (found.length === most) break
      const file = files.get(ino)
      if (file === undefined || !resident.isUnlanded(ino)) continue
      if (tree.pathOf(ino) !== undefined) found.push(file)
    }
    return found
  }

  async #land(files: readonly StoredFile[]): Promise<void> {
    const { handles, access } = this.#parts
    const land = async (file: StoredFile): Promise<void> => {
      await handles.with(file, (open) => this.#landOpen(file, open))
      this.#closeIfScarce(file)
    }
    await forAll(files, land, this.#parallel)
    await access.settle()
  }

  #landOpen(file: StoredFile, open: OpenFile): void {
    const { resident, tree, sidecar } = this.#parts
    open.checkSound()
    const size = resident.sizeOf(file.ino)
    if (file.dirtySeq === 0 && size !== tree.inodes.get(file.ino)?.size) {
      // Once the journal has forgotten it, a file that is not as long as the log says has to be noted.
      sidecar.append({ dirty: [file.ino] })
      file.dirtySeq = sidecar.seq
      this.#committer.flushLog()
    }
    resident.writeTo(file.ino, open)
    // Before the journal can forget it; also what a landing that a crash broke off has written.
    if (file.isTorn) open.flushAlways()
    else open.flush()
    file.isTorn = false
    file.size = size
    file.lastWriteAt = file.lastWriteEnd = size
    resident.landed(file.ino)
  }

  /** Everything that the journal says is in the files, on storage. */
  async #forgetJournal(): Promise<void> {
    const { journal, sidecar, access, directories, voids, reservation, handles } = this.#parts
    const { bytes } = journal
    if (bytes === 0) return
    const turn = journal.turn + 1
    sidecar.append({ turn })
    // With it go the notes of files that were made; only then the frames may be overwritten.
    this.#committer.flushLog()
    await access.settle()
    journal.restart(turn)
    voids.clear()
    await access.settle()
    if (bytes < (reservation.isScarce ? JOURNAL_KEPT_SCARCE : JOURNAL_KEPT)) return
    await journal.letGo(handles, async () =>
      access.open(await directories.file(JOURNAL_PATH), JOURNAL_PATH),
    )
    await reservation.restore()
    await access.settle()
  }

  // ---- What they have in common.

  get #parallel(): number {
    return this.#parts.reservation.isScarce ? 1 : this.#parts.flusher.parallel
  }

  /** A browser may give an open file far more space than it has bytes: Chromium, at least 1 MiB. */
  #closeIfScarce(file: StoredFile): void {
    if (this.#parts.reservation.isScarce) this.#parts.handles.close(file)
  }
}
