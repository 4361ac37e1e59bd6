// A store without Postgres, and the files that workloads share in it. Made by browser/file-life.ts;
// passed to each file-level workload in turn.

import type { Files, OpenFile } from '../backends/files.ts'
import type { Column } from '../protocol.ts'
import { content } from './file-content.ts'

/** Of the file that is read and overwritten: larger than the caches of any column. */
export const BIG_FILE_BYTES: number = 64 * 1_024 * 1_024
const BIG_FILE = 'big'
const FILL_BYTES = 1_024 * 1_024

export class FileSession {
  readonly column: Column
  readonly #open: () => Promise<Files>
  #files: Files | undefined
  #big: OpenFile | undefined

  constructor(column: Column, open: () => Promise<Files>) {
    this.column = column
    this.#open = open
  }

  get files(): Files {
    if (this.#files === undefined) throw new TypeError('the store is not open')
    return this.#files
  }

  async open(): Promise<void> {
    this.#files = await this.#open()
  }

  async close(): Promise<void> {
    const { files } = this
    await this.#big?.close()
    this.#big = undefined
    this.#files = undefined
    await files.close()
  }

  /** BIG_FILE_BYTES of `content`, on storage; filled on first use. */
  async bigFile(): Promise<OpenFile> {
    if (this.#big !== undefined) return this.#big
    const file = await this.files.create(BIG_FILE)
    for (let at = 0; at < BIG_FILE_BYTES; at += FILL_BYTES) {
      await file.write(content(at, FILL_BYTES), at)
    }
    await file.fsync()
    await this.files.sync()
    this.#big = file
    return file
  }

  /** The same, of a store that was closed and opened again: what was cached is gone. */
  async coldFile(): Promise<OpenFile> {
    await this.bigFile()
    await this.close()
    await this.open()
    this.#big = await this.files.open(BIG_FILE)
    return this.#big
  }
}
