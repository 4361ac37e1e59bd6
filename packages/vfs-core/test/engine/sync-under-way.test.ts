// What a program does while a sync waits for its batch without blocking: an fsync covers what is under way,
// nothing that was made and taken back is left behind, and a batch that fails is neither lost nor brought
// back over what came after it.

import { FILE_SIZE_MAX, ROOT_INO, VfsError, type Ino, type Vfs } from '@wasm-vfs/core'
import {
  emptyTree,
  InodeFs,
  TreeBuilder,
  type Batch,
  type Fact,
  type MetadataStore,
} from '@wasm-vfs/core/backend'
import { describe, expect, it } from 'vitest'
import { ChunkedContent } from '../../src/memory/chunked-content.ts'
import { ChunkStore } from '../conformance/replay.target.ts'

/** Keeps batches in the order in which they were sent; one that is waited for, when it is answered. */
class Far implements MetadataStore {
  readonly kept: Fact[] = []
  /** Sent and not answered. */
  readonly answers: ((failure?: VfsError) => void)[] = []
  #held: Fact[] = []

  commit(batch: Batch<never>): void {
    this.#held.push(...structuredClone(batch.facts))
  }

  acknowledge(): void {
    this.kept.push(...this.#held.splice(0))
  }

  acknowledgeAsync(): Promise<void> {
    const facts = this.#held.splice(0)
    const at = this.kept.length
    return new Promise((resolve, reject) => {
      this.answers.push((failure) => {
        if (failure !== undefined) return reject(failure)
        // It was sent before whatever has been kept since.
        this.kept.splice(at, 0, ...facts)
        resolve()
      })
    })
  }

  sync(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function open(): { vfs: Vfs; far: Far } {
  const far = new Far()
  const vfs = new InodeFs({
    backend: 'far',
    name: 'far',
    level: { current: 'strict' },
    capabilities: {
      persistent: true,
      synchronousFsync: true,
      hardLinks: true,
      sharedMemoryWithoutCopy: false,
      maxFileSize: FILE_SIZE_MAX,
    },
    content: new ChunkStore(new ChunkedContent(2 ** 30)),
    metadata: far,
    tree: emptyTree(),
    stats: () => ({}),
  })
  return { vfs, far }
}

/** What a crash now would leave: names of the root, with the permissions that they have. */
function left({ kept }: Far): Record<string, number> {
  if (kept.length === 0) return {}
  const builder = new TreeBuilder()
  for (const fact of kept) builder.apply(fact)
  const { inodes } = builder.build()
  const entries = inodes.get(ROOT_INO)?.entries ?? new Map<string, { ino: Ino; mode: number }>()
  return Object.fromEntries([...entries].map(([name, { mode }]) => [name, mode & 0o777]))
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
const failure = new VfsError('ENOSPC', 'commit')

describe('while a sync is under way', () => {
  it('an fsync makes durable what the sync has handed down', async () => {
    const { vfs, far } = open()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    const syncing = vfs.sync()
    await turn()
    expect(left(far)).toEqual({})
    vfs.fsync(file)
    expect(left(far)).toEqual({ file: 0o644 })
    far.answers[0]!()
    await syncing
    expect(left(far)).toEqual({ file: 0o644 })
    await vfs.sync()
    expect(far.answers).toHaveLength(1)
  })

  it('a name that is removed again is gone, whichever batch comes to storage', async () => {
    for (const fails of [false, true]) {
      const { vfs, far } = open()
      vfs.create(ROOT_INO, 'file', 0o644)
      const syncing = vfs.sync().catch((error: unknown) => error)
      await turn()
      vfs.unlink(ROOT_INO, 'file')
      vfs.fsync(ROOT_INO)
      far.answers[0]!(fails ? failure : undefined)
      expect(await syncing).toBe(fails ? failure : undefined)
      expect(left(far)).toEqual({})
    }
  })

  it('a change goes into the next batch', async () => {
    const { vfs, far } = open()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    const syncing = vfs.sync()
    await turn()
    vfs.setattr(file, { mode: 0o600 })
    far.answers[0]!()
    await syncing
    expect(left(far)).toEqual({ file: 0o644 })
    vfs.fsync(file)
    expect(left(far)).toEqual({ file: 0o600 })
  })

  it('what fails is pending again', async () => {
    const { vfs, far } = open()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    const syncing = vfs.sync().catch((error: unknown) => error)
    await turn()
    far.answers[0]!(failure)
    expect(await syncing).toBe(failure)
    expect(left(far)).toEqual({})
    vfs.fsync(file)
    expect(left(far)).toEqual({ file: 0o644 })
  })

  it('what fails does not come back over what an fsync has committed since', async () => {
    const { vfs, far } = open()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    const syncing = vfs.sync().catch((error: unknown) => error)
    await turn()
    vfs.setattr(file, { mode: 0o600 })
    vfs.fsync(file)
    far.answers[0]!(failure)
    expect(await syncing).toBe(failure)
    expect(left(far)).toEqual({ file: 0o600 })
    await vfs.sync()
    expect(far.answers).toHaveLength(1)
    expect(left(far)).toEqual({ file: 0o600 })
  })
})
