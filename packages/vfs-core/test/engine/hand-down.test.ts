// What survives the death of the tab, and from when: the rules of hand-down.ts, over stores that count what
// the engine asks of them and that can be told to fail.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ROOT_INO, VfsError, type Capabilities, type Ino, type Vfs } from '@wasm-vfs/core'
import { TreeBuilder, type Batch, type Fact, type MetadataStore } from '@wasm-vfs/core/backend'
import {
  channelTarget,
  ChunkStore,
  logTarget,
  Medium,
  mount,
  transactionTarget,
} from '../conformance/replay.target.ts'

const NO_SPACE = new VfsError('ENOSPC', 'commit')

/** What the engine asks of its two stores, in order. */
type Call = 'write back' | 'commit' | 'hand down' | 'acknowledge'

/** Both stores under one engine. What is committed survives the tab; content does once it is written back. */
class Storage {
  readonly calls: Call[] = []
  readonly facts: Fact[] = []
  /** The next of these calls throws. */
  failing: Call | undefined
  /** Set: an asynchronous acknowledgement waits until it is called. */
  answer: (() => void) | undefined
  readonly #dirty = new Map<Ino, Uint8Array[]>()
  /** Bytes that survive, as they were written. */
  readonly kept = new Map<Ino, Uint8Array[]>()

  called(call: Call): void {
    this.calls.push(call)
    if (this.failing !== call) return
    this.failing = undefined
    throw NO_SPACE
  }

  count(call: Call): number {
    return this.calls.filter((each) => each === call).length
  }

  written(ino: Ino, bytes: Uint8Array): void {
    this.#dirty.set(ino, [...(this.#dirty.get(ino) ?? []), bytes.slice()])
  }

  writeBack(): void {
    this.called('write back')
    for (const [ino, pieces] of this.#dirty) {
      this.kept.set(ino, [...(this.kept.get(ino) ?? []), ...pieces])
    }
    this.#dirty.clear()
  }

  /** What another session would find if the tab died now: paths of the root and one directory below. */
  left(): string[] {
    if (this.facts.length === 0) return []
    const builder = new TreeBuilder()
    for (const fact of this.facts) builder.apply(fact)
    const paths: string[] = []
    for (const [name, inode] of builder.build().inodes.get(ROOT_INO)?.entries ?? []) {
      paths.push(inode.entries === undefined ? `${name} ${inode.size}` : `${name}/`)
      for (const [below, { size }] of inode.entries ?? []) paths.push(`${name}/${below} ${size}`)
    }
    return paths.toSorted()
  }
}

class Content extends ChunkStore {
  readonly #storage: Storage

  constructor(storage: Storage, medium: Medium) {
    super(medium.chunks)
    this.#storage = storage
  }

  override write(ino: Ino, from: Uint8Array, at: number): void {
    super.write(ino, from, at)
    this.#storage.written(ino, from)
  }

  writeBack(): void {
    this.#storage.writeBack()
  }
}

/** As a log: what is committed has been handed down. */
class Log implements MetadataStore {
  readonly storage: Storage
  commits = 0

  constructor(storage: Storage) {
    this.storage = storage
  }

  commit(batch: Batch<never>): void {
    this.storage.called('commit')
    this.commits++
    this.storage.facts.push(...structuredClone(batch.facts))
  }

  acknowledge(): void {
    this.storage.called('acknowledge')
  }

  sync(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** As a channel to a worker: what is committed is on its way until somebody waits. */
class Channel extends Log {
  handDown(): void {
    this.storage.called('hand down')
  }

  acknowledgeAsync(): Promise<void> {
    this.storage.called('acknowledge')
    return new Promise((resolve) => {
      this.storage.answer = resolve
    })
  }
}

/** As a database: a batch is kept by a transaction, later. */
class Transactions implements MetadataStore {
  readonly #storage: Storage
  commits = 0

  constructor(storage: Storage) {
    this.#storage = storage
  }

  async commit(batch: Batch<never>): Promise<void> {
    this.#storage.called('commit')
    this.commits++
    const facts = structuredClone(batch.facts)
    await Promise.resolve()
    this.#storage.facts.push(...facts)
  }

  acknowledge(): void {}
  sync(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}

interface Mounted {
  readonly vfs: Vfs
  readonly storage: Storage
}

interface Kind {
  readonly capabilities: Capabilities
  readonly metadata: new (storage: Storage) => MetadataStore & { readonly commits: number }
}

const LOG: Kind = { capabilities: logTarget.capabilities, metadata: Log }
const CHANNEL: Kind = { capabilities: channelTarget.capabilities, metadata: Channel }
const TRANSACTIONS: Kind = {
  capabilities: transactionTarget.capabilities,
  metadata: Transactions,
}

const mounted: Vfs[] = []

function mountOn({ capabilities, metadata }: Kind = LOG): Mounted {
  const storage = new Storage()
  const medium = new Medium()
  const content = new Content(storage, medium)
  const vfs = mount('kept', medium, capabilities, new metadata(storage), content)
  mounted.push(vfs)
  return { vfs, storage }
}

interface Filled extends Mounted {
  readonly file: Ino
  readonly other: Ino
  readonly directory: Ino
  readonly inner: Ino
}

const BYTES = new Uint8Array([1, 2, 3, 4, 5])

/** A store with `file` of 5 bytes, an empty `other`, `directory/inner`, `empty/`, all synced; nothing counted. */
async function filled(kind: Kind = LOG): Promise<Filled> {
  const { vfs, storage } = mountOn(kind)
  const file = vfs.create(ROOT_INO, 'file', 0o644)
  vfs.write(file, BYTES, 0)
  const other = vfs.create(ROOT_INO, 'other', 0o644)
  const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
  const inner = vfs.create(directory, 'inner', 0o644)
  vfs.mkdir(ROOT_INO, 'empty', 0o755)
  const syncing = vfs.sync()
  await vi.advanceTimersByTimeAsync(0)
  storage.answer?.()
  await syncing
  await vi.advanceTimersByTimeAsync(1000)
  storage.writeBack()
  storage.calls.length = 0
  return { vfs, storage, file, other, directory, inner }
}

const BEFORE = ['directory/', 'directory/inner 0', 'empty/', 'file 5', 'other 0']

/** The operations that programs commit by. */
const COMMITTING: readonly {
  readonly what: string
  readonly run: (store: Filled) => void
  readonly left: readonly string[]
}[] = [
  {
    what: 'unlink',
    run: ({ vfs }) => vfs.unlink(ROOT_INO, 'file'),
    left: ['directory/', 'directory/inner 0', 'empty/', 'other 0'],
  },
  {
    what: 'rmdir',
    run: ({ vfs }) => vfs.rmdir(ROOT_INO, 'empty'),
    left: ['directory/', 'directory/inner 0', 'file 5', 'other 0'],
  },
  {
    what: 'rename to a new name',
    run: ({ vfs, directory }) => vfs.rename(ROOT_INO, 'file', directory, 'moved'),
    left: ['directory/', 'directory/inner 0', 'directory/moved 5', 'empty/', 'other 0'],
  },
  {
    what: 'rename over a file',
    run: ({ vfs }) => vfs.rename(ROOT_INO, 'other', ROOT_INO, 'file'),
    left: ['directory/', 'directory/inner 0', 'empty/', 'file 0'],
  },
  {
    what: 'rename over a directory',
    run: ({ vfs }) => vfs.rename(ROOT_INO, 'directory', ROOT_INO, 'empty'),
    left: ['empty/', 'empty/inner 0', 'file 5', 'other 0'],
  },
  {
    what: 'link',
    run: ({ vfs, file, directory }) => vfs.link(file, directory, 'second'),
    left: ['directory/', 'directory/inner 0', 'directory/second 5', 'empty/', 'file 5', 'other 0'],
  },
  {
    what: 'truncate to 0',
    run: ({ vfs, file }) => vfs.truncate(file, 0),
    left: ['directory/', 'directory/inner 0', 'empty/', 'file 0', 'other 0'],
  },
  {
    what: 'setattr of the size 0',
    run: ({ vfs, file }) => vfs.setattr(file, { size: 0 }),
    left: ['directory/', 'directory/inner 0', 'empty/', 'file 0', 'other 0'],
  },
]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})

afterEach(async () => {
  await Promise.allSettled(mounted.splice(0).map((vfs) => vfs.close()))
  vi.useRealTimers()
})

describe.each(COMMITTING)('$what', ({ what, run, left }) => {
  it('has handed down what it did before it returns, by one commit and without a flush', async () => {
    const store = await filled()
    run(store)
    expect(store.storage.left()).toEqual(left)
    expect(store.storage.count('commit')).toBe(1)
    expect(store.storage.count('acknowledge')).toBe(0)
    // And leaves nothing for later.
    await vi.advanceTimersByTimeAsync(60_000)
    expect(store.storage.count('commit')).toBeLessThanOrEqual(2)
    expect(store.storage.left()).toEqual(left)
  })

  it('is preceded by the content that was written before it', async () => {
    const store = await filled()
    store.vfs.write(store.inner, BYTES, 0)
    run(store)
    const { calls, kept } = store.storage
    expect(calls.slice(0, 2)).toEqual(['write back', 'commit'])
    expect(kept.get(store.inner)).toEqual([BYTES])
  })

  it('waits until the other side has it, where that is somebody else', async () => {
    if (what === 'link') return // That kind of store has no hard links.
    const store = await filled(CHANNEL)
    run(store)
    expect(store.storage.calls).toEqual(['write back', 'commit', 'hand down'])
  })

  it('is handed down during the first load no earlier than the load', async () => {
    const { vfs, storage } = mountOn()
    vfs.atomicFirstLoad()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    vfs.write(file, BYTES, 0)
    const other = vfs.create(ROOT_INO, 'other', 0o644)
    const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
    const inner = vfs.create(directory, 'inner', 0o644)
    vfs.mkdir(ROOT_INO, 'empty', 0o755)
    run({ vfs, storage, file, other, directory, inner })
    await vi.advanceTimersByTimeAsync(60_000)
    vfs.getattr(ROOT_INO)
    expect(storage.left()).toEqual([])
    await vfs.sync()
    expect(storage.left()).toEqual(left)
  })
})

/** Of every inode that the operations touch, all that POSIX lets a program see but times. */
function seen({ vfs, file, other, directory, inner }: Filled): unknown {
  const attributes = [ROOT_INO, file, other, directory, inner].map((ino) => {
    const { mode, nlink, size } = vfs.getattr(ino)
    return { ino, mode, nlink, size }
  })
  const names = [ROOT_INO, directory, vfs.find(ROOT_INO, 'empty')!].map((ino) =>
    vfs
      .readdir(ino)
      .map(({ name, ino }) => `${name} ${ino}`)
      .toSorted(),
  )
  const content = new Uint8Array(BYTES.length)
  vfs.read(file, content, 0)
  return { attributes, names, content }
}

const UNDOABLE = COMMITTING.filter(({ what }) => !what.includes('0'))

describe.each(UNDOABLE)('$what that cannot be handed down', ({ what, run, left }) => {
  const ways = [
    ['content', 'write back', LOG],
    ['names', 'commit', LOG],
    ...(what === 'link' ? [] : ([['an answer', 'hand down', CHANNEL]] as const)),
  ] as const

  it.each(ways)('for want of %s fails and has changed nothing', async (_, failing, kind) => {
    const store = await filled(kind)
    const before = seen(store)
    store.storage.failing = failing
    expect(() => run(store)).toThrow(NO_SPACE)
    expect(seen(store)).toEqual(before)
    expect(store.storage.failing).toBe(undefined)
    const syncing = store.vfs.sync()
    await vi.advanceTimersByTimeAsync(0)
    store.storage.answer?.()
    await syncing
    expect(store.storage.left()).toEqual(BEFORE)
  })

  it('succeeds when it is tried again', async () => {
    const store = await filled()
    store.storage.failing = 'commit'
    expect(() => run(store)).toThrow(NO_SPACE)
    run(store)
    expect(store.storage.left()).toEqual(left)
    await store.vfs.sync()
    expect(store.storage.left()).toEqual(left)
  })

  it('leaves an inode that is held open as it was', async () => {
    const store = await filled()
    store.vfs.acquire(store.file)
    const before = seen(store)
    store.storage.failing = 'commit'
    expect(() => run(store)).toThrow(NO_SPACE)
    store.vfs.release(store.file)
    expect(seen(store)).toEqual(before)
  })
})

describe('a directory that a failed change has brought back', () => {
  it.each([
    ['rmdir', ({ vfs }: Filled) => vfs.rmdir(ROOT_INO, 'empty')],
    ['rename', ({ vfs }: Filled) => vfs.rename(ROOT_INO, 'directory', ROOT_INO, 'empty')],
  ] as const)('by %s can be used and removed', async (_, run) => {
    const store = await filled()
    const { vfs, storage } = store
    storage.failing = 'commit'
    expect(() => run(store)).toThrow(NO_SPACE)
    const empty = vfs.lookup(ROOT_INO, 'empty')
    expect(vfs.lookup(empty, '..')).toBe(ROOT_INO)
    vfs.create(empty, 'new', 0o644)
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toContain('empty/new 0')
    vfs.unlink(empty, 'new')
    vfs.rmdir(ROOT_INO, 'empty')
    expect(storage.left()).not.toContain('empty/')
    expect(vfs.getattr(ROOT_INO).nlink).toBe(3)
  })
})

it('a truncate to 0 that cannot be handed down says so, and has emptied the file', async () => {
  const { vfs, storage, file } = await filled()
  storage.failing = 'commit'
  expect(() => vfs.truncate(file, 0)).toThrow(
    expect.objectContaining({ code: 'ENOSPC', path: '/file' }),
  )
  expect(vfs.getattr(file).size).toBe(0)
  expect(storage.left()).toEqual(BEFORE)
  vfs.fsync(file)
  expect(storage.left()).toContain('file 0')
})

describe('nothing is handed down at once', () => {
  it.each([
    ['mkdir', ({ vfs }: Filled) => vfs.mkdir(ROOT_INO, 'new', 0o755)],
    ['create', ({ vfs }: Filled) => vfs.create(ROOT_INO, 'new', 0o644)],
    ['symlink', ({ vfs }: Filled) => vfs.symlink(ROOT_INO, 'new', 'file')],
    ['write', ({ vfs, file }: Filled) => vfs.write(file, BYTES, 5)],
    ['chmod', ({ vfs, file }: Filled) => vfs.setattr(file, { mode: 0o600 })],
    ['truncate to 3', ({ vfs, file }: Filled) => vfs.truncate(file, 3)],
    ['truncate to 0 of an empty file', ({ vfs, other }: Filled) => vfs.truncate(other, 0)],
    ['read', ({ vfs, file }: Filled) => vfs.read(file, new Uint8Array(5), 0)],
    ['a rename to itself', ({ vfs }: Filled) => vfs.rename(ROOT_INO, 'file', ROOT_INO, 'file')],
  ] as const)('by %s', async (_, run) => {
    const store = await filled()
    run(store)
    expect(store.storage.calls).toEqual([])
  })

  it('by a truncate of a file that has lost its names', async () => {
    const { vfs, storage, file } = await filled()
    vfs.acquire(file)
    vfs.unlink(ROOT_INO, 'file')
    storage.calls.length = 0
    vfs.truncate(file, 0)
    expect(storage.calls).toEqual([])
  })

  it('by the removal of what no batch has named', async () => {
    const { vfs, storage } = await filled()
    vfs.create(ROOT_INO, 'temporary', 0o644)
    vfs.unlink(ROOT_INO, 'temporary')
    vfs.mkdir(ROOT_INO, 'folder', 0o755)
    vfs.rmdir(ROOT_INO, 'folder')
    expect(storage.calls).toEqual([])
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toEqual(BEFORE)
  })

  it('but by the removal of a fresh name in place of one that a batch has named', async () => {
    const { vfs, storage } = await filled()
    vfs.unlink(ROOT_INO, 'file')
    vfs.create(ROOT_INO, 'file', 0o644)
    await vi.advanceTimersByTimeAsync(100)
    vfs.unlink(ROOT_INO, 'file')
    expect(storage.left()).not.toContain('file 0')
  })

  it('but by the removal of a name that a sync under way may have handed down', async () => {
    const { vfs, storage } = await filled(CHANNEL)
    vfs.create(ROOT_INO, 'temporary', 0o644)
    const syncing = vfs.sync()
    await vi.advanceTimersByTimeAsync(0)
    expect(storage.left()).toContain('temporary 0')
    vfs.unlink(ROOT_INO, 'temporary')
    expect(storage.left()).not.toContain('temporary 0')
    storage.answer?.()
    await syncing
    expect(storage.left()).toEqual(BEFORE)
  })
})

describe('everything else is handed down', () => {
  it('when the program has been idle for 100 ms, content before names, without a flush', async () => {
    const { vfs, storage, file } = await filled()
    const fresh = vfs.create(ROOT_INO, 'new', 0o644)
    vfs.write(fresh, BYTES, 0)
    vfs.write(file, BYTES, 0)
    await vi.advanceTimersByTimeAsync(49)
    expect(storage.calls).toEqual([])
    await vi.advanceTimersByTimeAsync(51)
    expect(storage.calls).toEqual(['write back', 'commit'])
    expect(storage.left()).toContain('new 5')
    expect(storage.kept.get(fresh)).toEqual([BYTES])
    expect(storage.kept.get(file)).toEqual([BYTES, BYTES])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(storage.calls).toHaveLength(2)
  })

  it('also of a file whose content alone has changed', async () => {
    const { vfs, storage, file } = await filled()
    vfs.write(file, BYTES, 0)
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.kept.get(file)).toEqual([BYTES, BYTES])
    expect(storage.count('commit')).toBe(0)
  })

  it('also when it is the last call after others', async () => {
    const { vfs, storage } = await filled()
    for (let name = 0; name < 5; name++) {
      vfs.create(ROOT_INO, `${name}`, 0o644)
      await vi.advanceTimersByTimeAsync(30)
    }
    await vi.advanceTimersByTimeAsync(70)
    expect(storage.left()).toHaveLength(BEFORE.length + 5)
  })

  it('at the first call after 5 s, where the program is never idle', async () => {
    const { vfs, storage } = await filled()
    vfs.create(ROOT_INO, 'new', 0o644)
    // A program in one long call lets no timer run.
    vi.setSystemTime(Date.now())
    const clock = vi.spyOn(performance, 'now')
    const start = performance.now()
    clock.mockReturnValue(start + 4999)
    vfs.getattr(ROOT_INO)
    expect(storage.left()).toEqual(BEFORE)
    clock.mockReturnValue(start + 5000)
    vfs.getattr(ROOT_INO)
    expect(storage.left()).toContain('new 0')
    clock.mockRestore()
  })

  it('after 5 s of calls that come before each tick', async () => {
    const { vfs, storage } = await filled()
    vfs.create(ROOT_INO, 'new', 0o644)
    for (let ms = 0; ms < 4960; ms += 40) {
      await vi.advanceTimersByTimeAsync(40)
      vfs.getattr(ROOT_INO)
    }
    expect(storage.calls).toEqual([])
    await vi.advanceTimersByTimeAsync(40)
    vfs.getattr(ROOT_INO)
    expect(storage.calls).toEqual(['write back', 'commit'])
  })

  it('not for access times', async () => {
    const { vfs, storage, file } = await filled()
    vfs.read(file, new Uint8Array(1), 0)
    await vi.advanceTimersByTimeAsync(60_000)
    vfs.getattr(file)
    expect(storage.calls).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('by the sync that is under way, and afterwards again', async () => {
    const { vfs, storage } = await filled(CHANNEL)
    vfs.create(ROOT_INO, 'first', 0o644)
    const syncing = vfs.sync()
    await vi.advanceTimersByTimeAsync(0)
    vfs.create(ROOT_INO, 'second', 0o644)
    await vi.advanceTimersByTimeAsync(1000)
    expect(storage.count('commit')).toBe(1)
    storage.answer?.()
    await syncing
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toContain('second 0')
    expect(storage.count('commit')).toBe(2)
  })

  it('after 5 s more, if it has failed, and no unrelated call fails', async () => {
    const { vfs, storage } = await filled()
    vfs.create(ROOT_INO, 'new', 0o644)
    storage.failing = 'commit'
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.failing).toBe(undefined)
    expect(storage.left()).toEqual(BEFORE)
    await vi.advanceTimersByTimeAsync(4900)
    vfs.getattr(ROOT_INO)
    await vi.advanceTimersByTimeAsync(200)
    expect(storage.left()).toContain('new 0')
  })

  it('by the fsync that covers it, which meets the same failure', async () => {
    const { vfs, storage } = await filled()
    const fresh = vfs.create(ROOT_INO, 'new', 0o644)
    storage.failing = 'commit'
    await vi.advanceTimersByTimeAsync(100)
    storage.failing = 'commit'
    expect(() => vfs.fsync(fresh)).toThrow(/ENOSPC/)
    vfs.fsync(fresh)
    expect(storage.left()).toContain('new 0')
  })

  it('no more after a close, which has done so', async () => {
    const { vfs, storage } = await filled()
    vfs.create(ROOT_INO, 'new', 0o644)
    await vfs.close()
    expect(storage.left()).toContain('new 0')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the first load', () => {
  it('ends at the first fsync, and what that has not covered follows when the program is idle', async () => {
    const { vfs, storage } = mountOn()
    vfs.atomicFirstLoad()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    vfs.write(file, BYTES, 0)
    await vi.advanceTimersByTimeAsync(60_000)
    vfs.getattr(ROOT_INO)
    expect(storage.calls).toEqual([])
    vfs.fsync(file)
    expect(storage.left()).toEqual(['file 5'])
    vfs.create(ROOT_INO, 'more', 0o644)
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toEqual(['file 5', 'more 0'])
    vfs.unlink(ROOT_INO, 'more')
    expect(storage.left()).toEqual(['file 5'])
  })

  it('does not end by housekeeping', async () => {
    const { vfs, storage } = mountOn()
    vfs.atomicFirstLoad()
    vfs.create(ROOT_INO, 'file', 0o644)
    await vfs.sync({ housekeepingOnly: true })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(storage.left()).toEqual([])
  })

  it('is none in a store that holds something', async () => {
    const { vfs, storage } = await filled()
    vfs.atomicFirstLoad()
    vfs.create(ROOT_INO, 'new', 0o644)
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toContain('new 0')
    vfs.unlink(ROOT_INO, 'file')
    expect(storage.left()).not.toContain('file 5')
  })

  it('is none unless it is asked for', async () => {
    const { vfs, storage } = mountOn()
    vfs.create(ROOT_INO, 'file', 0o644)
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toEqual(['file 0'])
  })
})

describe('what has been handed down is not acknowledged', () => {
  it.each([
    ['an fsync of the file', ({ vfs, other }: Filled) => vfs.fsync(other)],
    ['an fsync of the directory', ({ vfs }: Filled) => vfs.fsync(ROOT_INO)],
    ['an fsync of what was replaced', ({ vfs, file }: Filled) => vfs.fsync(file)],
  ] as const)('until %s, once', async (_, fsync) => {
    const store = await filled()
    store.vfs.acquire(store.file)
    store.vfs.rename(ROOT_INO, 'other', ROOT_INO, 'file')
    store.storage.calls.length = 0
    fsync(store)
    expect(store.storage.calls).toEqual(['acknowledge'])
    fsync(store)
    expect(store.storage.calls).toEqual(['acknowledge'])
  })

  it('by an fsync of something else', async () => {
    const { vfs, storage, inner } = await filled()
    vfs.unlink(ROOT_INO, 'other')
    storage.calls.length = 0
    vfs.fsync(inner)
    expect(storage.calls).toEqual([])
  })

  it('if the acknowledgement fails', async () => {
    const { vfs, storage } = await filled()
    vfs.unlink(ROOT_INO, 'other')
    storage.failing = 'acknowledge'
    expect(() => vfs.fsync(ROOT_INO)).toThrow(/ENOSPC/)
    vfs.fsync(ROOT_INO)
    expect(storage.count('acknowledge')).toBe(2)
  })

  it('if the acknowledgement of a batch fails, which the store may have: what is removed then is gone', async () => {
    const { vfs, storage } = await filled()
    const fresh = vfs.create(ROOT_INO, 'new', 0o644)
    storage.failing = 'acknowledge'
    expect(() => vfs.fsync(fresh)).toThrow(/ENOSPC/)
    vfs.unlink(ROOT_INO, 'new')
    vfs.fsync(ROOT_INO)
    expect(storage.left()).toEqual(BEFORE)
  })

  it('until a sync', async () => {
    const { vfs, storage, file } = await filled()
    vfs.truncate(file, 0)
    await vfs.sync()
    await vfs.sync()
    expect(storage.count('acknowledge')).toBe(1)
  })

  it('until a sync that waits without blocking; a failure of that is not forgotten', async () => {
    const { vfs, storage } = await filled(CHANNEL)
    vfs.unlink(ROOT_INO, 'other')
    storage.failing = 'acknowledge'
    await expect(vfs.sync()).rejects.toThrow(NO_SPACE)
    storage.calls.length = 0
    vfs.fsync(ROOT_INO)
    expect(storage.count('acknowledge')).toBe(1)
  })
})

describe('a program that never syncs', () => {
  it('makes 1,000 files with at most 10 commits', async () => {
    const { vfs, storage } = await filled()
    for (let name = 0; name < 1000; name++) {
      const ino = vfs.create(ROOT_INO, `${name}`, 0o644)
      vfs.write(ino, BYTES, 0)
      await vi.advanceTimersByTimeAsync(1)
    }
    await vi.advanceTimersByTimeAsync(100)
    expect(storage.left()).toHaveLength(BEFORE.length + 1000)
    expect(storage.count('commit')).toBeLessThanOrEqual(10)
  })

  it('removes 1,000 files with one commit each', async () => {
    const { vfs, storage } = await filled()
    for (let name = 0; name < 1000; name++) vfs.create(ROOT_INO, `${name}`, 0o644)
    await vi.advanceTimersByTimeAsync(100)
    storage.calls.length = 0
    for (let name = 0; name < 1000; name++) vfs.unlink(ROOT_INO, `${name}`)
    expect(storage.count('commit')).toBe(1000)
    expect(storage.left()).toEqual(BEFORE)
  })
})

describe('where only a sync commits', () => {
  it('everything goes down at the next turn of the event loop, in one transaction', async () => {
    const { vfs, storage } = await filled(TRANSACTIONS)
    vfs.unlink(ROOT_INO, 'file')
    vfs.rename(ROOT_INO, 'other', ROOT_INO, 'moved')
    const fresh = vfs.create(ROOT_INO, 'new', 0o644)
    vfs.write(fresh, BYTES, 0)
    expect(storage.left()).toEqual(BEFORE)
    await vi.advanceTimersByTimeAsync(1)
    expect(storage.left()).toEqual([
      'directory/',
      'directory/inner 0',
      'empty/',
      'moved 0',
      'new 5',
    ])
    expect(storage.count('commit')).toBe(1)
  })

  it('what fails goes down later', async () => {
    const { vfs, storage } = await filled(TRANSACTIONS)
    vfs.unlink(ROOT_INO, 'file')
    storage.failing = 'commit'
    await vi.advanceTimersByTimeAsync(1)
    expect(storage.left()).toEqual(BEFORE)
    await vi.advanceTimersByTimeAsync(5100)
    expect(storage.left()).not.toContain('file 5')
  })
})
