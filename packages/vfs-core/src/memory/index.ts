// The in-memory backend: the engine with nothing underneath. It is the yardstick of the benchmarks and
// the oracle of the model tests, and a file system for programs that want nothing kept.

import type { Ino, Vfs } from '../contract/index.ts'
import { FILE_SIZE_MAX } from '../contract/index.ts'
import { emptyTree } from '../engine/inode.ts'
import { InodeFs } from '../engine/inode-fs.ts'
import type { ContentStore, MetadataStore, SpaceStatistics } from '../engine/ports.ts'
import { ChunkedContent } from './chunked-content.ts'

export interface MemoryOptions {
  /** Most bytes of file content to hold; beyond it writes throw ENOSPC. Default 4 GiB. */
  readonly capacity?: number
}

const DEFAULT_CAPACITY = 4 * 1024 ** 3

/** Opens an empty file system that lives as long as the page. `name` only labels it. */
export function openMemory(name: string = 'memory', options: MemoryOptions = {}): Promise<Vfs> {
  const { capacity = DEFAULT_CAPACITY } = options
  if (!(capacity >= 0)) throw new TypeError(`capacity must be a number of bytes, not ${capacity}`)
  const content = new MemoryContent(capacity)
  const vfs = new InodeFs({
    backend: 'memory',
    name,
    level: { current: 'none' },
    capabilities: {
      persistent: false,
      synchronousFsync: true,
      hardLinks: true,
      sharedMemoryWithoutCopy: false,
      maxFileSize: FILE_SIZE_MAX,
    },
    content,
    metadata,
    tree: emptyTree(),
    stats: () => ({}),
  })
  return Promise.resolve(vfs)
}

class MemoryContent implements ContentStore {
  readonly #chunks: ChunkedContent

  constructor(capacity: number) {
    this.#chunks = new ChunkedContent(capacity)
  }

  attach(): void {}

  read(ino: Ino, into: Uint8Array, at: number): void {
    this.#chunks.read(ino, into, at)
  }

  write(ino: Ino, from: Uint8Array, at: number): void {
    this.#chunks.write(ino, from, at)
  }

  resize(ino: Ino, size: number, newSize: number): void {
    if (newSize < size) this.#chunks.shrink(ino, newSize)
  }

  drop(ino: Ino): void {
    this.#chunks.drop(ino)
  }

  space(): SpaceStatistics {
    return { total: this.#chunks.capacity, free: this.#chunks.capacity - this.#chunks.bytes }
  }

  close(): Promise<void> {
    this.#chunks.clear()
    return Promise.resolve()
  }

  // Nothing below: durability is the page's own life.
  fsync(): void {}
  takeFacts(): never[] {
    return []
  }
  returnFacts(): void {}
  snapshot(): never[] {
    return []
  }
  prepare(): void {}
  committed(): void {}
  syncAll(): void {}
  housekeeping(): Promise<void> {
    return Promise.resolve()
  }
}

const metadata: MetadataStore = {
  commit() {},
  acknowledge() {},
  sync() {},
  close: () => Promise.resolve(),
}
