// A stand-in for a sync access handle where a browser has none: the file is read whole into memory, and
// a flush or close hands what changed since to createWritable. The bytes of that moment are what is
// written, so the order of flushes is the order in which storage sees them. A browser swaps the new file
// in when the stream closes; whether that is durable is its own affair, and it says nothing.

import { withDeadline, type DeadlineOptions } from '@wasm-vfs/core/backend'
import type { AccessHandle } from './access.ts'
import { answered } from './answered.ts'

export type EnqueueWrite = (write: () => Promise<void>) => void

/** Changed bytes, by offset; they do not overlap. */
interface Change {
  readonly at: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** What is tracked as changed, in bytes: small against a file, large against a range's bookkeeping. */
const BLOCK = 65_536

export class WritableAccessHandle implements AccessHandle {
  readonly #file: FileSystemFileHandle
  readonly #path: string
  readonly #enqueue: EnqueueWrite
  #bytes: Uint8Array<ArrayBuffer>
  #size: number
  readonly #dirtyBlocks = new Set<number>()
  #resized = false

  private constructor(
    file: FileSystemFileHandle,
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    enqueue: EnqueueWrite,
  ) {
    this.#file = file
    this.#path = path
    this.#bytes = bytes
    this.#size = bytes.length
    this.#enqueue = enqueue
  }

  static async open(
    file: FileSystemFileHandle,
    path: string,
    enqueue: EnqueueWrite,
  ): Promise<WritableAccessHandle> {
    const snapshot = await answered(file.getFile(), 'getFile', path)
    const bytes = new Uint8Array(await answered(snapshot.arrayBuffer(), 'arrayBuffer', path))
    return new WritableAccessHandle(file, path, bytes, enqueue)
  }

  getSize(): number {
    return this.#size
  }

  read(into: Uint8Array, { at = 0 }: FileSystemReadWriteOptions = {}): number {
    const length = Math.max(0, Math.min(into.length, this.#size - at))
    into.set(this.#bytes.subarray(at, at + length))
    return length
  }

  write(from: Uint8Array, { at = 0 }: FileSystemReadWriteOptions = {}): number {
    const end = at + from.length
    if (end > this.#size) this.#resize(end)
    this.#bytes.set(from, at)
    this.#markDirty(at, end)
    return from.length
  }

  truncate(size: number): void {
    this.#resize(size)
  }

  flush(): void {
    if (this.#dirtyBlocks.size === 0 && !this.#resized) return
    const size = this.#size
    const changes = this.#takeChanges()
    this.#enqueue(async () => {
      const stream = await withDeadline(this.#file.createWritable({ keepExistingData: true }), {
        ...this.#call('createWritable'),
        late: (opened) => void opened.abort(),
      })
      try {
        await withDeadline(stream.truncate(size), this.#call('truncate'))
        for (const { at, bytes } of changes) {
          const write = stream.write({ type: 'write', position: at, data: bytes })
          await withDeadline(write, this.#call('write'))
        }
      } catch (error) {
        await withDeadline(stream.abort(), this.#call('abort'))
        throw error
      }
      await withDeadline(stream.close(), this.#call('close'))
    })
  }

  close(): void {
    this.flush()
    this.#bytes = new Uint8Array(0)
    this.#size = 0
  }

  #call(call: string): DeadlineOptions<unknown> {
    return { operation: 'write', call, path: this.#path }
  }

  #takeChanges(): Change[] {
    const changes: Change[] = []
    for (const block of [...this.#dirtyBlocks].sort((a, b) => a - b)) {
      const at = block * BLOCK
      const bytes = this.#bytes.slice(at, Math.min(at + BLOCK, this.#size))
      if (bytes.length > 0) changes.push({ at, bytes })
    }
    this.#dirtyBlocks.clear()
    this.#resized = false
    return changes
  }

  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = grown
    } else if (size < this.#size) {
      // If the file grows over this again before a flush, the zeros must be written.
      this.#bytes.fill(0, size, this.#size)
      this.#markDirty(size, this.#size)
    }
    this.#size = size
    this.#resized = true
  }

  #markDirty(from: number, to: number): void {
    for (let block = Math.floor(from / BLOCK); block * BLOCK < to; block++) {
      this.#dirtyBlocks.add(block)
    }
  }
}
