// A client of the channel over an IoStore in memory, driven by channel.browser.test.ts. Each task begins a
// session of its own and answers with what it saw.

import { VfsError, type Fact } from '@wasm-vfs/core/backend'
import { serveTasks } from '@wasm-vfs/core/testing'
import {
  OP_PING,
  OP_SYNC_ALL,
  VERSION,
  makeShared,
  type FromWorker,
} from '../src/channel/protocol.ts'
import type { Channel } from '../src/client/channel.ts'
import { ChannelContent } from '../src/client/content.ts'
import { Memories } from '../src/client/memories.ts'
import { ChannelMetadata } from '../src/client/metadata.ts'
import { startSession, type Session, type StartOptions } from '../src/client/session.ts'
import { obtainWorker } from '../src/client/worker-supply.ts'
import { ioWorkers, mortalIoWorker } from './io-workers.ts'
import {
  CAPACITY,
  INO_ASYNC,
  INO_BLOCKS,
  INO_BREAKS,
  INO_FAILS,
  INO_NEVER,
  INO_STUCK,
  INO_TORN,
  REFUSES,
  RESERVED,
  TORN_AT,
} from './memory-io-store.ts'

const INO = 5
const OTHER = 6

/** Of calls; a start takes longer on a busy machine. */
const LATE = { deadlineMs: 1000, startDeadlineMs: 20_000 }

/** What a script has to start in, which on a busy machine takes seconds. */
const SCRIPT_MS = 5000

const script = (name: string): URL => new URL(name, import.meta.url)
const memoryScript = new URL('./memory.io-worker.ts', import.meta.url)

let sessions = 0
/** Several of these workers may run at the same time. */
const ofThisWorker = crypto.randomUUID()

async function optionsWith(options: Partial<StartOptions> = {}): Promise<StartOptions> {
  const store = {
    name: `channel-${ofThisWorker}-${sessions++}`,
    durability: 'strict',
    windowMs: 500,
    maxHandles: 64,
    acceptMissing: false,
  } as const
  const { worker } = await ioWorkers(memoryScript)
  return { store, ringBytes: 65_536, deadlineMs: 10_000, worker, ...options }
}

interface Client {
  readonly session: Session
  readonly channel: Channel
  readonly content: ChannelContent
  readonly metadata: ChannelMetadata
  readonly memories: Memories
}

async function client(options: Partial<StartOptions> = {}): Promise<Client> {
  const session = await startSession(await optionsWith(options))
  const { channel } = session
  const memories = new Memories(channel)
  const content = new ChannelContent(channel, memories)
  return { session, channel, content, metadata: new ChannelMetadata(channel), memories }
}

async function end({ session, metadata }: Client): Promise<void> {
  await metadata.close(true).catch(() => {})
  await session.end(new VfsError('ESTALE', 'test'))
}

interface Outcome {
  /** `'ok'`, or an error's code and message. */
  readonly outcome: string
  readonly ms: number
}

async function attempt(work: () => unknown): Promise<Outcome> {
  const began = performance.now()
  const outcome = await (async () => work())().then(
    () => 'ok',
    (error: unknown) => (error instanceof VfsError ? error.message : `not ours: ${String(error)}`),
  )
  return { outcome, ms: performance.now() - began }
}

/** Keeps the worker busy; each write is one of its own. */
function blockFor({ content }: Client, writes: number): void {
  for (let done = 0; done < writes; done++)
    content.write(INO_BLOCKS, bytes(1), 0, Math.min(done, 1))
}

const commit = (
  { metadata }: Client,
  facts: readonly Fact[] = [{ type: 'drop', ino: 99 }],
): void => {
  metadata.commit({ facts, storeFacts: [] })
  metadata.acknowledge()
}

function bytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(length)
  for (let at = 0; at < length; at++) made[at] = (at * 31 + (at >> 8) * 7 + seed) & 0xff
  return made
}

function readBack({ content }: Client, ino: number, length: number): Uint8Array {
  const into = new Uint8Array(length)
  content.read(ino, into, 0)
  return into
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

serveTasks({
  async 'failed post'() {
    const it = await client()
    it.content.write(INO, bytes(100), 0, 0)
    it.content.write(INO_FAILS, bytes(100), 0, 0)
    const seen = [
      await attempt(() => it.content.fsync(INO)),
      await attempt(() => it.content.fsync(INO_FAILS)),
      await attempt(() => it.content.fsync(INO_FAILS)),
      await attempt(() => commit(it)),
      await attempt(() => it.content.syncAll()),
      await attempt(() => it.content.housekeeping()),
    ]
    const readable = same(readBack(it, INO, 100), bytes(100))
    seen.push(await attempt(() => readBack(it, INO_FAILS, 100)))
    it.content.drop(INO_FAILS)
    seen.push(await attempt(() => commit(it)), await attempt(() => it.metadata.close(true)))
    await it.session.end(new VfsError('ESTALE', 'test'))
    return { outcomes: seen.map(({ outcome }) => outcome), readable }
  },

  async 'joined writes'() {
    const it = await client()
    const content = bytes(32 * 1024)
    it.content.write(INO_BLOCKS, bytes(1), 0, 0)
    const before = it.channel.counters.roundTrips
    for (let at = 0; at < content.length; at += 1024) {
      it.content.write(INO, content.subarray(at, at + 1024), at, at)
    }
    const waits = it.channel.counters.roundTrips - before
    const { writes = 0, bytesCopied } = it.channel.stats()
    const whole = same(readBack(it, INO, content.length), content)
    await end(it)
    return { writes, waits, bytesCopied, whole }
  },

  async 'more than the ring holds'() {
    const it = await client()
    const content = bytes(3 * 1024 * 1024)
    for (let at = 0; at < content.length; at += 24 * 1024) {
      it.content.write(INO_ASYNC, content.subarray(at, at + 24 * 1024), at, at)
    }
    // One write that is longer than the ring, over what is there and beyond.
    it.content.write(INO, content, 0, 0)
    it.content.write(INO, content.subarray(0, 200_001), 7, content.length)
    const expected = content.slice()
    expected.set(content.subarray(0, 200_001), 7)
    const whole = same(readBack(it, INO_ASYNC, content.length), content)
    const overwritten = same(readBack(it, INO, content.length), expected)
    const { bytesCopied } = it.channel.stats()
    await end(it)
    return {
      whole,
      overwritten,
      bytesCopied,
      written: 2 * content.length + 200_001,
      read: 2 * content.length,
    }
  },

  async 'reads in order'() {
    const it = await client({ ringBytes: 1024 * 1024 })
    const PAGE = 8192
    const content = bytes(64 * PAGE)
    for (const ino of [INO, OTHER, INO_TORN]) it.content.write(ino, content, 0, 0)
    const page = new Uint8Array(PAGE)
    let wrong = 0
    const readPage = (ino: number, index: number): void => {
      it.content.read(ino, page, index * PAGE)
      if (!same(page, content.subarray(index * PAGE, (index + 1) * PAGE))) wrong++
    }
    const waits = (work: () => void): number => {
      const before = it.channel.counters.roundTrips
      work()
      return it.channel.counters.roundTrips - before
    }
    const inOrder = waits(() => {
      for (let index = 0; index < 64; index++) readPage(INO, index)
    })
    const withOthersBetween = waits(() => {
      for (let index = 0; index < 64; index++) {
        readPage(INO, index)
        if (index % 8 === 0) readPage(OTHER, (index * 37) % 64)
      }
    })
    const twoByTurns = waits(() => {
      for (let index = 0; index < 64; index++) for (const ino of [INO, OTHER]) readPage(ino, index)
    })
    const backwards = waits(() => {
      for (let index = 63; index >= 0; index--) readPage(INO, index)
    })
    // A long read goes over what was read ahead.
    it.content.write(OTHER, new Uint8Array(PAGE), 0, content.length)
    readPage(INO, 0)
    readPage(INO, 1)
    readBack(it, OTHER, content.length)
    readPage(INO, 2)
    // What changes a file is seen behind what was read ahead of it.
    readPage(INO, 0)
    readPage(INO, 1)
    it.content.write(INO, new Uint8Array(PAGE), 2 * PAGE, content.length)
    it.content.read(INO, page, 2 * PAGE)
    const written = page.every((byte) => byte === 0)
    readPage(INO, 3)
    readPage(INO, 4)
    it.content.resize(INO, content.length, 5 * PAGE)
    it.content.read(INO, page, 5 * PAGE)
    const cut = page.every((byte) => byte === 0)
    readPage(OTHER, 1)
    readPage(OTHER, 2)
    it.content.drop(OTHER)
    it.content.read(OTHER, page, 3 * PAGE)
    const dropped = page.every((byte) => byte === 0)
    readPage(INO_TORN, 0)
    readPage(INO_TORN, 1)
    const torn = await attempt(() => it.content.read(INO_TORN, page, TORN_AT))
    await end(it)
    return { wrong, inOrder, withOthersBetween, twoByTurns, backwards, written, cut, dropped, torn }
  },

  async 'many small requests'() {
    const it = await client()
    for (let ino = 1; ino <= 5000; ino++) it.content.write(ino, bytes(3, ino), 0, 0)
    let wrong = 0
    for (let ino = 1; ino <= 5000; ino += 7) {
      if (!same(readBack(it, ino, 3), bytes(3, ino))) wrong++
    }
    await end(it)
    return wrong
  },

  async 'a batch longer than the ring'() {
    const it = await client()
    const facts = Array.from({ length: 5000 }, (_, index): Fact => {
      return { type: 'entry', parent: 1, name: `a file's name, number ${index}`, ino: index + 2 }
    })
    commit(it, facts)
    const { checkpoints, commits } = it.channel.stats()
    await end(it)
    return { facts: checkpoints, commits }
  },

  async 'fsync of what nobody wrote'() {
    const it = await client()
    const before = it.channel.counters.roundTrips
    it.content.fsync(INO)
    const untouched = it.channel.counters.roundTrips - before
    await end(it)
    return untouched
  },

  async 'space first'() {
    const it = await client()
    const roundTrips = (): number => it.channel.counters.roundTrips
    // So that what is posted is not yet carried out.
    blockFor(it, 5)
    const before = roundTrips()
    it.content.resize(INO, 0, RESERVED - 4096)
    const within = roundTrips() - before
    it.content.resize(OTHER, 0, RESERVED)
    const beyond = roundTrips() - before
    const tooMuch = await attempt(() => it.content.resize(OTHER, RESERVED, RESERVED + CAPACITY))
    const fitting = await attempt(() => it.content.write(OTHER, bytes(10), RESERVED, RESERVED))
    const durable = await attempt(() => it.content.fsync(OTHER))
    await end(it)
    return {
      within,
      beyond,
      outcomes: [tooMuch, fitting, durable].map(({ outcome }) => outcome.slice(0, 6)),
    }
  },

  /** Without a native waitAsync if told so. */
  async 'a sync that does not block'(native: boolean) {
    const it = await client(native ? {} : { waitAsync: undefined })
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    blockFor(it, 10)
    const { outcome, ms } = await attempt(() => it.content.syncAll())
    const during = ticks
    clearInterval(timer)
    // A blocking call while another is pending: each gets its own answer.
    const pending = it.channel.callAsync({ op: OP_SYNC_ALL })
    const reserved = it.channel.call({ op: OP_PING })
    await pending
    await end(it)
    return { outcome, ms, ticks: during, reserved }
  },

  async 'a batch that is awaited'() {
    const it = await client()
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    blockFor(it, 10)
    it.metadata.commit({ facts: [{ type: 'drop', ino: 98 }], storeFacts: [] })
    const awaited = attempt(() => it.metadata.acknowledgeAsync())
    await new Promise((resolve) => setTimeout(resolve, 50))
    const during = ticks
    clearInterval(timer)
    // Sent after it, and so carried out after it.
    commit(it, [{ type: 'drop', ino: 99 }])
    const { outcome } = await awaited
    const { commits } = it.channel.stats()
    await end(it)
    return { outcome, ticks: during, commits }
  },

  async 'an attached memory'() {
    const it = await client()
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true })
    const view = (at: number, length: number): Uint8Array =>
      new Uint8Array(memory.buffer, at, length)
    await it.memories.attach(memory)
    view(100, 1000).set(bytes(1000))
    it.content.write(INO, view(100, 1000), 0, 0)
    view(100, 1000).fill(0)
    memory.grow(2)
    it.content.read(INO, view(150_000, 1000), 0)
    const whole = same(view(150_000, 1000).slice(), bytes(1000))
    const { bytesCopied } = it.channel.stats()
    await it.memories.attach(new WebAssembly.Memory({ initial: 1 }))
    it.content.read(INO, new Uint8Array(1000), 0)
    const copiedOnce = it.channel.stats().bytesCopied
    await end(it)
    return { whole, bytesCopied, copiedOnce }
  },

  async 'a store that does not open'() {
    const store = { ...(await optionsWith()).store, name: REFUSES }
    const refused = await attempt(() => client({ store }))
    // The same worker serves the next session.
    const next = await attempt(async () => end(await client()))
    return [refused.outcome, next.outcome]
  },

  async 'scripts that do not do'() {
    const start = async (name: string): Promise<Outcome> =>
      attempt(async () => client({ ...(await ioWorkers(script(name))), deadlineMs: SCRIPT_MS }))
    const outcomes = await Promise.all([
      start('./there-is-no-such-script.js'),
      start('./silent.io-worker.ts'),
      start('./other-version.io-worker.ts'),
      start('./endless.io-worker.ts'),
    ])
    const { worker: source, store } = await optionsWith()
    const thread = await obtainWorker(source)
    const answer = await new Promise<FromWorker>((resolve) => {
      thread.listen({ message: resolve }, new AbortController().signal)
      const shared = makeShared(65_536)
      new Int32Array(shared)[1] = VERSION + 1
      thread.post({
        type: 'start',
        version: VERSION,
        shared,
        options: store,
        programLock: undefined,
      })
    })
    thread.end()
    return { outcomes: outcomes.map(({ outcome }) => outcome), answer }
  },

  /** A read into the program's own memory that is never answered. */
  async 'a late request on attached memory'(ino: 'never' | 'stuck') {
    const mortal = await mortalIoWorker(memoryScript)
    const it = await client({ worker: mortal.worker, ...LATE })
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    await it.memories.attach(memory)
    const buffer = new Uint8Array(memory.buffer, 0, 10)
    const number = ino === 'never' ? INO_NEVER : INO_STUCK
    const first = await attempt(() => it.content.read(number, buffer, 0))
    const next = await attempt(() => it.content.fsync(INO))
    await end(it)
    const again = await attempt(async () => end(await client()))
    return { first, next, again, untouched: buffer.every((byte) => byte === 0) }
  },

  /** What a dead or stuck worker comes to: the first call that finds it, and the next one. */
  async 'a dead worker'(kind: 'idle' | 'busy' | 'stuck' | 'never' | 'broken' | 'while syncing') {
    const mortal = await mortalIoWorker(memoryScript)
    const it = await client({ worker: mortal.worker, ...LATE })
    it.content.write(INO, bytes(10), 0, 0)
    it.content.fsync(INO)
    it.content.write(INO, bytes(10), 0, 10)
    let first: Outcome
    if (kind === 'while syncing') {
      blockFor(it, 10)
      const syncing = attempt(() => it.content.syncAll())
      mortal.terminate()
      first = await syncing
    } else {
      if (kind === 'idle') await new Promise((resolve) => setTimeout(resolve, 400))
      if (kind === 'busy') blockFor(it, 200)
      if (kind === 'idle' || kind === 'busy') mortal.terminate()
      if (kind === 'idle') await new Promise((resolve) => setTimeout(resolve, 400))
      // Chromium ends a busy worker by force, after two seconds, if this thread's event loop turns.
      if (kind === 'busy') await new Promise((resolve) => setTimeout(resolve, 2500))
      if (kind === 'broken') {
        it.content.drop(INO_BREAKS)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      const ino = { stuck: INO_STUCK, never: INO_NEVER, idle: INO, busy: INO, broken: INO }[kind]
      first = await attempt(() => readBack(it, ino, 10))
    }
    const next = await attempt(() => it.content.write(INO, bytes(10), 0, 10))
    const stats = it.channel.stats()
    const ended = await attempt(() => end(it))
    const again = await attempt(async () => end(await client()))
    return { first, next, stats: typeof stats, ended, again }
  },
})
