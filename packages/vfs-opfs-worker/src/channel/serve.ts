// How the I/O worker starts: it is told where the shared memory is, takes the lock that keeps a dying
// predecessor away, opens the store, hands the tree back and begins to serve. Called once, by the
// worker's script (../worker.ts), with what opens the store.

import { toVfsError, VfsError, type ReleaseLock } from '@wasm-vfs/core/backend'
import type { IoStore, OpenIoStore } from '../io/io-store.ts'
import { encodeError } from './error-codec.ts'
import { encodeFacts } from './fact-codec.ts'
import {
  HEARTBEAT_MS,
  mismatch,
  VERSION,
  viewsOf,
  WORD_HEARTBEAT,
  type FromWorker,
  type StartMessage,
  type ToWorker,
} from './protocol.ts'
import { awaitPredecessor } from './predecessor.ts'
import { ServingLoop } from './serving-loop.ts'

/** A memory is posted before the request that announces it. */
const MEMORY_DEADLINE_MS = 5_000

/** Serves one client, the one that made this worker. */
export function serveIoStore(open: OpenIoStore): void {
  const scope = globalThis as unknown as DedicatedWorkerGlobalScope
  const memories = new MemoryMailbox()
  let started = false
  scope.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    if (data.type === 'memory') memories.put(data.memory)
    else if (data.type === 'start' && !started) {
      started = true
      void start(scope, data, open, () => memories.take())
    }
  })
}

async function start(
  scope: DedicatedWorkerGlobalScope,
  message: StartMessage,
  open: OpenIoStore,
  takeMemory: () => Promise<WebAssembly.Memory>,
): Promise<void> {
  const say = (answer: FromWorker): void => scope.postMessage(answer)
  let release: ReleaseLock | undefined
  let opened: IoStore | undefined
  try {
    const wrong =
      message.version === VERSION
        ? mismatch(message.shared)
        : `version ${message.version} of the protocol, not ${VERSION}`
    if (wrong !== undefined) {
      throw new VfsError('EPROTO', 'open', { detail: `the I/O worker was given ${wrong}` })
    }
    say({ type: 'started', version: VERSION })
    const views = viewsOf(message.shared)
    const beating = setInterval(() => Atomics.add(views.words, WORD_HEARTBEAT, 1), HEARTBEAT_MS)
    try {
      release = await awaitPredecessor(message.options.name)
      const { store, tree } = await open(message.options)
      opened = store
      const loop = new ServingLoop(views, store, takeMemory)
      await loop.prepare()
      say({ type: 'ready', facts: encodeFacts(tree.facts), unflushed: tree.unflushed ?? [] })
      clearInterval(beating)
      opened = undefined
      await loop.run()
    } finally {
      clearInterval(beating)
    }
  } catch (error) {
    await opened?.close(false)
    say({ type: 'refused', ...encodeError(toVfsError(error, 'open'), 'open') })
  } finally {
    await release?.()
  }
}

/** Memories in the order in which they were sent, whether they or the requests for them come first. */
class MemoryMailbox {
  readonly #arrived: WebAssembly.Memory[] = []
  #awaited: ((memory: WebAssembly.Memory) => void) | undefined

  put(memory: WebAssembly.Memory): void {
    if (this.#awaited === undefined) this.#arrived.push(memory)
    else this.#awaited(memory)
  }

  async take(): Promise<WebAssembly.Memory> {
    const arrived = this.#arrived.shift()
    if (arrived !== undefined) return arrived
    try {
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new VfsError('ETIMEDOUT', 'attachMemory', { detail: 'it has not arrived' }))
        }, MEMORY_DEADLINE_MS)
        this.#awaited = (memory) => {
          clearTimeout(timer)
          resolve(memory)
        }
      })
    } finally {
      this.#awaited = undefined
    }
  }
}
