// Flushes of stored files, whether or not they have a handle at the moment.

import type { FileAccess } from './access.ts'
import { forAll } from './directories.ts'
import type { HandlePool, StoredFile } from './stored-file.ts'

/** Files opened at once: more of them do not go faster. */
const PARALLEL_MAX = 16

export class Flusher {
  readonly #handles: HandlePool
  readonly #access: FileAccess

  constructor(handles: HandlePool, access: FileAccess) {
    this.#handles = handles
    this.#access = access
  }

  /** How many files may be opened side by side. */
  get parallel(): number {
    return Math.min(PARALLEL_MAX, this.#handles.limit)
  }

  /** Everything written to the file is on storage when this returns. */
  flush(file: StoredFile): void | Promise<void> {
    file.state.checkSound()
    return this.#handles.with(file, (open) => {
      open.flush()
      return this.#access.settle()
    })
  }

  async flushFiles(files: readonly StoredFile[]): Promise<void> {
    await forAll(files, async (file) => await this.flush(file), this.parallel)
  }
}
