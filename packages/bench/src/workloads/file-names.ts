// Many small files in one directory: made, looked at, renamed and removed. Each sample is a hundred files
// and what makes them durable.

import type { Files } from '../backends/files.ts'
import { expectEqual, type FileWorkload } from './workload.ts'

const COUNT = 100
const SMALL_BYTES = 1_024
const DIRECTORY = 'small'

const SMALL_FILES = {
  kind: 'files',
  life: 'files',
  set: 'full',
  phase: 'use',
  unit: 'ms',
  deadlineMs: 60_000,
} as const

const create: FileWorkload = {
  ...SMALL_FILES,
  name: 'file-create-100',
  summary: 'make 100 files of 1 KiB, and sync',
  async run({ files }, meter) {
    const batches = new Batches(files)
    let paths: string[] = []
    await meter.repeat(() => ({
      async prepare() {
        await batches.removeAll()
        paths = await batches.paths()
      },
      run: () => batches.make(paths),
    }))
    await batches.removeAll()
  },
}

const stat: FileWorkload = {
  ...SMALL_FILES,
  name: 'file-stat-100',
  summary: 'ask 100 files for their size, by path',
  async run({ files }, meter) {
    const batches = new Batches(files)
    const paths = await batches.paths()
    await batches.make(paths)
    let total = 0
    await meter.repeat(() => ({
      async run() {
        total = 0
        for (const path of paths) {
          const size = files.stat(path)
          total += size instanceof Promise ? await size : size
        }
      },
      check: () => expectEqual('sizes', total, COUNT * SMALL_BYTES),
    }))
    await batches.removeAll()
  },
}

const rename: FileWorkload = {
  ...SMALL_FILES,
  name: 'file-rename-100',
  summary: 'rename 100 files, and sync',
  async run({ files }, meter) {
    const batches = new Batches(files)
    let paths = await batches.paths()
    await batches.make(paths)
    let targets: string[] = []
    await meter.repeat(() => ({
      async prepare() {
        targets = await batches.paths()
      },
      async run() {
        for (const [index, path] of paths.entries()) {
          const pending = files.rename(path, targets[index] as string)
          if (pending instanceof Promise) await pending
        }
        await files.sync()
      },
      check() {
        paths = targets
      },
    }))
    batches.renamed(paths)
    for (const path of paths) expectEqual(path, await files.stat(path), SMALL_BYTES)
    await batches.removeAll()
  },
}

const unlink: FileWorkload = {
  ...SMALL_FILES,
  name: 'file-unlink-100',
  summary: 'remove 100 files of 1 KiB, and sync',
  async run({ files }, meter) {
    const batches = new Batches(files)
    await meter.repeat(() => ({
      prepare: async () => batches.make(await batches.paths()),
      run: () => batches.removeAll(),
    }))
  },
}

export const fileNames: readonly FileWorkload[] = [create, stat, rename, unlink]

let directories = 0

/** Files by the hundred, in a directory of a workload's own. */
class Batches {
  readonly #files: Files
  readonly #directory = `${DIRECTORY}-${++directories}`
  readonly #content = new Uint8Array(SMALL_BYTES).fill(0xa5)
  #made: readonly string[] = []
  #count = 0

  constructor(files: Files) {
    this.#files = files
  }

  /** Names that are not taken. */
  async paths(): Promise<string[]> {
    if (this.#count === 0) await this.#files.mkdir(this.#directory)
    return Array.from({ length: COUNT }, () => `${this.#directory}/${++this.#count}`)
  }

  async make(paths: readonly string[]): Promise<void> {
    this.#made = paths
    for (const path of paths) {
      const made = this.#files.create(path)
      const file = made instanceof Promise ? await made : made
      const written = file.write(this.#content, 0)
      if (written instanceof Promise) await written
      const closed = file.close()
      if (closed instanceof Promise) await closed
    }
    await this.#files.sync()
  }

  renamed(paths: readonly string[]): void {
    this.#made = paths
  }

  async removeAll(): Promise<void> {
    for (const path of this.#made) {
      const removed = this.#files.unlink(path)
      if (removed instanceof Promise) await removed
    }
    this.#made = []
    await this.#files.sync()
  }
}
