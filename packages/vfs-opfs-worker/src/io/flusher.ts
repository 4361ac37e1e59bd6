// Flushes of stored files, whether or not they have a handle at the moment.

import type { FileAccess } from './access.ts'
import { forAll } from './directories.ts'
import type { OpenFile } from './open-file.ts'
import type { HandlePool, StoredFile } from './stored-file.ts'

/** Files opened at once: more of them do not go faster. */
const PARALLEL_MAX = 16

export class Flusher {
  readonly #handles: HandlePool
  readonly #access: FileAccess
  // Files that a session that did not close may have left unflushed.
  readonly #suspects = new Set<StoredFile>()

  constructor(handles: HandlePool, access: FileAccess) {
    this.#handles = handles
    this.#access = access
  }

  /** How many files may be opened side by side. */
  get parallel(): number {
    return Math.min(PARALLEL_MAX, this.#handles.limit)
  }

  get suspects(): ReadonlySet<StoredFile> {
    return this.#suspects
  }

  suspect(file: StoredFile): void {
    file.suspect = true
    this.#suspects.add(file)
  }

  /** Nobody will rely on the file's bytes any more. */
  forget(file: StoredFile): void {
    this.#suspects.delete(file)
  }

  /** Everything written to the file is on storage when this returns. */
  flush(file: StoredFile): void | Promise<void> {
    file.state.checkSound()
    return this.#handles.with(file, (open) => {
      this.flushOpen(file, open)
      return this.#access.settle()
    })
  }

  flushOpen(file: StoredFile, open: OpenFile): void {
    if (!file.suspect) {
      open.flush()
      return
    }
    open.flushAlways()
    file.suspect = false
    this.#suspects.delete(file)
  }

  async flushFiles(files: readonly StoredFile[]): Promise<void> {
    await forAll(files, async (file) => await this.flush(file), this.parallel)
  }

  async flushSuspects(): Promise<void> {
    await this.flushFiles([...this.#suspects])
  }
}
