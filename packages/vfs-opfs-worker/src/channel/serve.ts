// How the I/O worker starts: it is told where the shared memory is, takes the lock that keeps a dying
// predecessor away, opens the store, hands the tree back and begins to serve. Called once, by the
// worker's script (../worker.ts), with what opens the store.

import { toVfsError, VfsError, type ReleaseLock } from '@wasm-vfs/core/backend'
import type { OpenIoStore } from '../io/io-store.ts'
import { encodeError, type EncodedError } from './error-codec.ts'
import {
  HEARTBEAT_MS,
  mismatch,
  VERSION,
  viewsOf,
  WORD_HEARTBEAT,
  type FromWorker,
  type MemoryMessage,
  type SharedViews,
  type StartMessage,
  type ToWorker,
} from './protocol.ts'
import { awaitPredecessor } from './predecessor.ts'
import { ServingLoop, type TakeMemory } from './serving-loop.ts'

/** A memory is posted before the request that announces it. */
const MEMORY_DEADLINE_MS = 5_000

/** Where messages of the program come from: this worker's own scope, or a port that the page has sent. */
type Line = DedicatedWorkerGlobalScope | MessagePort

/** Serves the program, one session after another. */
export function serveIoStore(open: OpenIoStore): void {
  let memories = new MemoryMailbox()
  let sessions: Promise<void> = Promise.resolve()
  let programLock: string | undefined
  const serve = (line: Line): void => {
    const onMessage = ({ data }: MessageEvent<ToWorker>): void => {
      if (data.type === 'memory') memories.put(data)
      else if (data.type === 'start') {
        if (programLock === undefined) endWith((programLock = data.programLock))
        const mailbox = (memories = new MemoryMailbox())
        sessions = sessions.then(() => serveSession(line, data, open, (id) => mailbox.take(id)))
      } else if (data.type === 'connect') {
        serve(data.port)
        data.port.start()
      }
    }
    ;(line as EventTarget).addEventListener('message', onMessage as EventListener)
  }
  serve(globalThis as unknown as DedicatedWorkerGlobalScope)
}

async function serveSession(
  line: Line,
  message: StartMessage,
  open: OpenIoStore,
  takeMemory: TakeMemory,
): Promise<void> {
  const say = (answer: FromWorker): void => line.postMessage(answer)
  let release: ReleaseLock | undefined
  let refusal: EncodedError | undefined
  try {
    const views = viewsFor(message)
    say({ type: 'started', version: VERSION })
    const loop = await beating(views, async () => {
      release = await awaitPredecessor(message.options.name)
      const { store, facts } = await open(message.options)
      try {
        const loop = new ServingLoop(views, store, takeMemory)
        await loop.prepare()
        say({ type: 'ready', facts: JSON.stringify(facts) })
        return loop
      } catch (error) {
        await store.close(false)
        throw error
      }
    })
    await loop.run()
  } catch (error) {
    refusal = encodeError(toVfsError(error, 'open'), 'open')
  }
  await release?.()
  say(refusal === undefined ? { type: 'ended' } : { type: 'refused', ...refusal })
}

/** Nobody else ends this worker when the program dies. Its end gives back locks and handles. */
function endWith(programLock: string | undefined): void {
  if (programLock === undefined) return
  const isDead = (): void => globalThis.close()
  // A failure fails the session: without the watch the store would stay locked until the page is closed.
  navigator.locks.request(programLock, { mode: 'shared' }, isDead).catch(reportError)
}

function viewsFor({ version, shared }: StartMessage): SharedViews {
  const wrong =
    version === VERSION ? mismatch(shared) : `version ${version} of the protocol, not ${VERSION}`
  if (wrong === undefined) return viewsOf(shared)
  throw new VfsError('EPROTO', 'open', { detail: `the I/O worker was given ${wrong}` })
}

/** Shows the client that this thread is alive while it opens a store. */
async function beating<Result>(views: SharedViews, work: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(() => Atomics.add(views.words, WORD_HEARTBEAT, 1), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** Memories that were sent, whether they or the requests for them come first. */
class MemoryMailbox {
  readonly #arrived = new Map<number, WebAssembly.Memory>()
  #awaited: { readonly id: number; arrived(memory: WebAssembly.Memory): void } | undefined

  put({ id, memory }: MemoryMessage): void {
    if (this.#awaited?.id === id) this.#awaited.arrived(memory)
    else this.#arrived.set(id, memory)
  }

  async take(id: number): Promise<WebAssembly.Memory> {
    const arrived = this.#arrived.get(id)
    // Ids are asked for in order: one that came after its request had failed is never asked for again.
    for (const earlier of this.#arrived.keys()) if (earlier <= id) this.#arrived.delete(earlier)
    if (arrived !== undefined) return arrived
    try {
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          const detail = `the memory has not arrived within ${MEMORY_DEADLINE_MS} ms`
          reject(new VfsError('ETIMEDOUT', 'attachMemory', { detail }))
        }, MEMORY_DEADLINE_MS)
        this.#awaited = {
          id,
          arrived(memory) {
            clearTimeout(timer)
            resolve(memory)
          },
        }
      })
    } finally {
      this.#awaited = undefined
    }
  }
}
