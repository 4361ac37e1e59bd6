// What a program does while a sync waits for its batch without blocking: an fsync covers what is under way,
// nothing that was made and taken back is left behind, and a batch that fails is neither lost nor brought
// back over what came after it.

import { ROOT_INO, VfsError, type Ino, type Vfs } from '@wasm-vfs/core'
import { TreeBuilder, type Batch, type Fact, type MetadataStore } from '@wasm-vfs/core/backend'
import { describe, expect, it } from 'vitest'
import { channelTarget, Medium, mount } from '../conformance/replay.target.ts'

/** Keeps batches in the order in which they were sent; one that is waited for, when it is answered. */
class Far implements MetadataStore {
  readonly kept: Fact[] = []
  /** Sent and not answered. */
  readonly answers: ((failure?: VfsError) => void)[] = []
  commits = 0
  #held: Fact[] = []

  commit(batch: Batch<never>): void {
    this.commits++
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

interface UnderWay {
  readonly vfs: Vfs
  readonly far: Far
  readonly file: Ino
  /** Resolves to what the sync rejects with, if it does. */
  readonly syncing: Promise<unknown>
}

/** A sync that has sent the batch which makes `file`, and has no answer. */
async function underWay(): Promise<UnderWay> {
  const far = new Far()
  const vfs = mount('far', new Medium(), channelTarget.capabilities, far)
  const file = vfs.create(ROOT_INO, 'file', 0o644)
  const syncing = vfs.sync().catch((error: unknown) => error)
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(far.answers).toHaveLength(1)
  return { vfs, far, file, syncing }
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

const failure = new VfsError('ENOSPC', 'commit')

describe('while a sync is under way', () => {
  it('an fsync makes durable what the sync has handed down', async () => {
    const { vfs, far, file, syncing } = await underWay()
    expect(left(far)).toEqual({})
    vfs.fsync(file)
    expect(left(far)).toEqual({ file: 0o644 })
    far.answers[0]!()
    expect(await syncing).toBe(undefined)
    expect(left(far)).toEqual({ file: 0o644 })
    await vfs.sync()
    expect(far.answers).toHaveLength(1)
  })

  it.each([undefined, failure])(
    'a name that is removed again is gone, whichever batch comes to storage (answer: %s)',
    async (answer) => {
      const { vfs, far, syncing } = await underWay()
      vfs.unlink(ROOT_INO, 'file')
      vfs.fsync(ROOT_INO)
      far.answers[0]!(answer)
      expect(await syncing).toBe(answer)
      expect(left(far)).toEqual({})
    },
  )

  it('a change goes into the next batch', async () => {
    const { vfs, far, file, syncing } = await underWay()
    vfs.setattr(file, { mode: 0o600 })
    far.answers[0]!()
    expect(await syncing).toBe(undefined)
    expect(left(far)).toEqual({ file: 0o644 })
    vfs.fsync(file)
    expect(left(far)).toEqual({ file: 0o600 })
  })

  it('what fails is pending again', async () => {
    const { vfs, far, file, syncing } = await underWay()
    far.answers[0]!(failure)
    expect(await syncing).toBe(failure)
    expect(left(far)).toEqual({})
    vfs.fsync(file)
    expect(left(far)).toEqual({ file: 0o644 })
  })

  it('what fails does not come back over what an fsync has committed since', async () => {
    const { vfs, far, file, syncing } = await underWay()
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
