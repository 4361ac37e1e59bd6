// A TwoSlotLog of numbers over the simulated OPFS, for tests of what crashes and damage make of it.

import { openAccessHandle, toVfsError, TwoSlotLog, type LogFile } from '@wasm-vfs/core/backend'
import type { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'

export interface Numbers {
  readonly numbers?: readonly number[]
  /** So that lines end in any place of a sector. */
  readonly filler?: string
}

export type NumberLog = TwoSlotLog<Numbers>

export const SLOTS = ['log-a', 'log-b'] as const

const FORMAT = { format: 'numbers', version: 1 }

class HandleFile implements LogFile {
  readonly path: string
  readonly #handle: FileSystemSyncAccessHandle
  #unflushed = false
  #failed: unknown

  constructor(path: string, handle: FileSystemSyncAccessHandle) {
    this.path = path
    this.#handle = handle
  }

  get size(): number {
    return this.#handle.getSize()
  }

  read(into: Uint8Array<ArrayBuffer>, at: number): void {
    this.#handle.read(into, { at })
  }

  write(from: Uint8Array<ArrayBuffer>, at: number): void {
    this.#change(() => this.#handle.write(from, { at }))
  }

  truncate(size: number): void {
    if (size !== this.size) this.#change(() => this.#handle.truncate(size))
  }

  flush(): void {
    if (this.#unflushed) this.flushAlways()
  }

  flushAlways(): void {
    this.checkSound()
    try {
      this.#handle.flush()
    } catch (thrown) {
      this.#failed = thrown
      throw toVfsError(thrown, 'fsync')
    }
    this.#unflushed = false
  }

  checkSound(): void {
    if (this.#failed !== undefined) throw toVfsError(this.#failed, 'fsync')
  }

  close(): void {
    this.#handle.close()
  }

  #change(change: () => void): void {
    this.checkSound()
    this.#unflushed = true
    try {
      change()
    } catch (thrown) {
      throw toVfsError(thrown, 'write')
    }
  }
}

export async function logOn(opfs: SimulatedOpfs): Promise<NumberLog> {
  const open = async (name: string): Promise<LogFile> => {
    const file = await opfs.root.getFileHandle(name, { create: true })
    return new HandleFile(name, await openAccessHandle(file, { path: name }))
  }
  return new TwoSlotLog<Numbers>([await open(SLOTS[0]), await open(SLOTS[1])], FORMAT)
}

/** What a log says, in order: an image of numbers stands for all before it. */
export function numbersOf(lines: readonly Numbers[]): number[] {
  return lines.flatMap(({ numbers }) => numbers ?? [])
}

/** The bytes of a file of an image. */
export async function bytesOf(opfs: SimulatedOpfs, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await (await opfs.root.getFileHandle(name)).getFile()
  return new Uint8Array(await file.arrayBuffer())
}

/** Puts `bytes` in the place of a file's. */
export async function overwrite(
  opfs: SimulatedOpfs,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const file = await opfs.root.getFileHandle(name, { create: true })
  const handle = await openAccessHandle(file, { path: name })
  handle.truncate(0)
  handle.write(bytes, { at: 0 })
  handle.close()
}
