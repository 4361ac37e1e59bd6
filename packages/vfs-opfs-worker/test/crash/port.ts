// A store of opfs-worker over a simulated OPFS, with the program and the I/O worker in one thread: the real
// engine, client, channel, serving loop and store; only what blocks a thread is replaced. The one place where
// the tests of crashes, faults and space meet the inside of this backend.
//
// A call that blocks the program lets the I/O worker run to its end of the work by draining the microtask
// queue. The engine does that only outside of a microtask, so every use of the store goes through `call`.
//
// The I/O worker runs while the program is blocked, when time that it waited for has passed, and now and then
// besides, so that posted requests are carried out late or early and a checkpoint is interrupted by requests. By
// the end of a time that passes it has been woken by what was posted.

import type { Vfs } from '@wasm-vfs/core'
import { toVfsError } from '@wasm-vfs/core/backend'
import { SeededRandom, type SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import type { IdleWait } from '../../src/channel/nap.ts'
import { makeShared, viewsOf, WORD_POSTED, type SharedViews } from '../../src/channel/protocol.ts'
import { ServingLoop } from '../../src/channel/serving-loop.ts'
import { Channel } from '../../src/client/channel.ts'
import { mount } from '../../src/client/mount.ts'
import type { IoStore } from '../../src/io/io-store.ts'
import { openIoStore, type StoreEnvironment } from '../../src/io/open-store.ts'
import { checkOptions, type OpfsWorkerOptions } from '../../src/options.ts'

export interface PortOptions extends Pick<
  OpfsWorkerOptions,
  'durability' | 'windowMs' | 'maxHandles' | 'acceptMissing'
> {
  /** Limits of the store's that a small workload would not reach. */
  readonly limits?: StoreEnvironment['limits']
  /** When the I/O worker runs without being waited for. */
  readonly seed?: number
}

export interface Port {
  readonly vfs: Vfs
  /** Uses the store. An operation that returns a promise is awaited. */
  call<Result>(operation: () => Result | Promise<Result>): Promise<Result>
  /** Time has passed: the I/O worker has carried out what was posted before. */
  wake(): Promise<void>
  /** The I/O worker does nothing more. */
  kill(): void
}

export const STORE_NAME = 'store'
/** Fewer than by default, so that larger writes wait for room. */
const RING_BYTES = 1024 * 1024
/** Before a call the I/O worker carries out what was posted with this chance. */
const RUNS_BETWEEN = 0.5
/** A step of its own work is interrupted by a request with this chance. */
const INTERRUPTED = 0.3
/** The longest that it is interrupted where no request comes, in milliseconds. */
const INTERRUPTED_MS = 20
/** Turns of the microtask queue in which an answer must come that waits for no timer. */
const TURNS_MAX = 200_000

export async function openPort(opfs: SimulatedOpfs, options: PortOptions = {}): Promise<Port> {
  try {
    return await open(opfs, options)
  } catch (error) {
    throw toVfsError(error, 'open', { path: STORE_NAME })
  }
}

async function open(
  opfs: SimulatedOpfs,
  { limits, seed = 1, ...settings }: PortOptions,
): Promise<Port> {
  const { durability, windowMs, maxHandles, acceptMissing, deadlineMs } = checkOptions(settings)
  const { store, facts } = await openIoStore(
    { name: STORE_NAME, durability, windowMs, maxHandles, acceptMissing },
    {
      directory: opfs.root,
      ...(limits && { limits }),
      ...(opfs.quota !== Infinity && { estimate: () => estimateOf(opfs) }),
    },
  )
  const views = viewsOf(makeShared(RING_BYTES))
  const thread = new WorkerThread(views, new SeededRandom(seed))
  const loop = new ServingLoop(views, thread.interrupting(store), noMemory, thread)
  try {
    await loop.prepare()
  } catch (error) {
    await store.close(false)
    throw error
  }
  void loop.run()
  const line = { post: noMemory, listen() {}, end: () => thread.end() }
  const channel = new Channel(views, line, {
    deadlineMs,
    wait: (words, index, value) => thread.block(words, index, value),
    waitAsync: (words, index, value) => ({ async: true, value: thread.wait(words, index, value) }),
  })
  const release = (): Promise<void> => Promise.resolve()
  const vfs = mount(channel, facts, { name: STORE_NAME, durability, release })
  return {
    vfs,
    call: (operation) => thread.call(operation),
    wake: () => thread.wake(),
    kill: () => thread.end(),
  }
}

/** The fewest handles that the options allow. */
export function fewestHandles(): number {
  for (let maxHandles = 1; ; maxHandles++) {
    try {
      return checkOptions({ maxHandles }).maxHandles
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}

function estimateOf({ quota, used }: SimulatedOpfs): Promise<StorageEstimate> {
  return Promise.resolve({ quota, usage: used })
}

function noMemory(): never {
  throw new TypeError('the port attaches no memories')
}

/** When the I/O worker runs, and how the program waits for it. */
class WorkerThread implements IdleWait {
  readonly #words: Int32Array
  readonly #random: SeededRandom
  #resume: (() => void) | undefined
  #resumeAt = Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #isEnded = false
  // The number of the last request that it had seen when it went to sleep.
  #seen = 0
  // A blocking call of a program that is not in `call`; the engine may have swallowed the error.
  #misuse: TypeError | undefined

  constructor({ words }: SharedViews, random: SeededRandom) {
    this.#words = words
    this.#random = random
  }

  // ---- The I/O worker.

  spin(last: number): boolean {
    return Atomics.load(this.#words, WORD_POSTED) !== last
  }

  sleep(last: number, ms: number): Promise<void> | undefined {
    this.#seen = last
    return ms <= 0 && !this.#isEnded ? undefined : this.#pause(ms)
  }

  /** The store, whose own work is interrupted now and then. */
  interrupting(store: IoStore): IoStore {
    const catchUp = async (): Promise<void> => {
      if (this.#random.chance(INTERRUPTED)) await this.#pause(INTERRUPTED_MS)
      await store.catchUp()
    }
    return new Proxy(store, {
      get(target, key) {
        if (key === 'catchUp') return catchUp
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  /** Until it is resumed, or for `ms`. */
  #pause(ms: number): Promise<void> {
    if (this.#isEnded) return new Promise(() => {})
    this.#resumeAt = performance.now() + ms
    if (ms !== Infinity) this.#timer = setTimeout(() => this.#run(), ms)
    return new Promise((resolve) => (this.#resume = resolve))
  }

  #resumeNow(): void {
    const resume = this.#resume
    clearTimeout(this.#timer)
    this.#resume = undefined
    this.#resumeAt = Infinity
    resume?.()
  }

  /** Until it has nothing to do. */
  #run(): void {
    this.#resumeNow()
    drainMicrotasks()
  }

  wake(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        if (this.spin(this.#seen)) this.#run()
        resolve()
      })
    })
  }

  /** What it was about to do fails, if its OPFS has been killed, or is done; then it sleeps for good. */
  end(): void {
    this.#isEnded = true
    this.#resumeNow()
  }

  // ---- The program.

  call<Result>(operation: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          // A busy program does not keep the other thread from its timers.
          const isDue = this.#resumeAt <= performance.now()
          if (isDue || this.#random.chance(RUNS_BETWEEN)) this.#run()
          const result = operation()
          if (this.#misuse === undefined) resolve(result)
          else reject(this.#misuse)
        } catch (error) {
          reject(this.#misuse ?? error)
        }
      })
    })
  }

  block(words: Int32Array, index: number, value: number): 'ok' | 'timed-out' {
    // What is not there after the second turn waits for a timer, and none runs meanwhile.
    for (let turn = 0; turn < 2; turn++) {
      if (Atomics.load(words, index) !== value) return 'ok'
      this.#resumeNow()
      if (drainMicrotasks()) continue
      this.#misuse = new TypeError('a call that blocks was made outside of `call`')
      throw this.#misuse
    }
    return Atomics.load(words, index) === value ? 'timed-out' : 'ok'
  }

  async wait(words: Int32Array, index: number, value: number): Promise<'ok' | 'timed-out'> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      if (Atomics.load(words, index) !== value) return 'ok'
      this.#resumeNow()
      await Promise.resolve()
    }
    return 'timed-out'
  }
}

/** False within a microtask, where V8 runs no others. */
function drainMicrotasks(): boolean {
  let ran = false
  void Promise.resolve().then(() => (ran = true))
  // What Node's event loop does between two macrotasks; there is no public way to ask for it.
  const tick: unknown = Reflect.get(process, '_tickCallback')
  if (typeof tick !== 'function') throw new TypeError('this Node has no process._tickCallback')
  tick.call(process)
  return ran
}
