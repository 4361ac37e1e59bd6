// A session with an I/O worker: begins when it has opened the store, and ends when it has let go of it.
// Called by open.ts. Neither blocks; whatever fails, no worker is left that touches the store.

import { VfsError, type Fact } from '@wasm-vfs/core/backend'
import { decodeError } from '../channel/error-codec.ts'
import {
  makeShared,
  VERSION,
  viewsOf,
  WORD_HEARTBEAT,
  type FromWorker,
  type ReadyMessage,
  type StartMessage,
} from '../channel/protocol.ts'
import type { IoStoreOptions } from '../io/io-store.ts'
import { Channel, type ChannelOptions } from './channel.ts'
import type { IoThread } from './io-thread.ts'
import { DEADLINES_ALIVE } from './patience.ts'
import { lockOfThisThread } from './supply.ts'
import {
  endWorker,
  isSupply,
  notLoaded,
  obtainWorker,
  returnWorker,
  type WorkerSource,
} from './worker-supply.ts'

export interface StartOptions extends ChannelOptions {
  readonly store: IoStoreOptions
  readonly ringBytes: number
  readonly worker: WorkerSource
  /** For tests: of the worker's start alone, which takes long on a busy machine. */
  readonly startDeadlineMs?: number
}

export interface Session {
  readonly channel: Channel
  readonly facts: readonly Fact[]
  /** Ends it, after CLOSE or in the middle; returns when nothing touches the store any more. */
  end(reason: VfsError): Promise<void>
}

/** How often a worker that is opening a store is looked at. */
const LOOK_MS = 250
/** From the end of the serving loop to the message that says so. */
const ENDED_MS_MAX = 2_000

export async function startSession(options: StartOptions): Promise<Session> {
  const { worker: source, store } = options
  const thread = await obtainWorker(source)
  let reusable = false
  try {
    const views = viewsOf(makeShared(options.ringBytes))
    const programLock = isSupply(source) ? await lockOfThisThread(options.deadlineMs) : undefined
    const start: StartMessage = {
      type: 'start',
      version: VERSION,
      shared: views.words.buffer as SharedArrayBuffer,
      options: store,
      programLock,
    }
    const { deadlineMs, startDeadlineMs = deadlineMs } = options
    const ready = await handshake(thread, start, startDeadlineMs, () => (reusable = true))
    const channel = new Channel(views, thread, options)
    const ended = endOfSession(thread)
    return {
      channel,
      facts: JSON.parse(ready.facts) as Fact[],
      async end(reason) {
        const inOrder = await isOver(channel, ended)
        channel.end(reason)
        if (inOrder) returnWorker(thread, source)
        else await endWorker(thread, store.name)
      },
    }
  } catch (error) {
    if (reusable) returnWorker(thread, source)
    else await endWorker(thread, store.name)
    throw error
  }
}

/** Resolves when the worker says that it has let go of everything. */
function endOfSession(thread: IoThread): Promise<void> {
  return new Promise((resolve) => {
    const listening = new AbortController()
    const message = ({ type }: FromWorker): void => {
      if (type !== 'ended') return
      listening.abort()
      resolve()
    }
    thread.listen({ message }, listening.signal)
  })
}

/** The worker says so right after CLOSE; without a CLOSE it never does. */
async function isOver(channel: Channel, ended: Promise<void>): Promise<boolean> {
  if (channel.isDead || !channel.isClosed) return false
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ENDED_MS_MAX, false)
  })
  try {
    return await Promise.race([ended.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

function handshake(
  thread: IoThread,
  start: StartMessage,
  deadlineMs: number,
  onRefused: () => void,
): Promise<ReadyMessage> {
  const { words } = viewsOf(start.shared)
  return new Promise((resolve, reject) => {
    let phase = 'its script has not answered; is it that of @wasm-vfs/opfs-worker/worker?'
    let heartbeat = 0
    let silentMs = 0
    let openingMs = 0
    const listening = new AbortController()
    const settle = (act: () => void): void => {
      clearInterval(looking)
      listening.abort()
      act()
    }
    const message = (data: FromWorker): void => {
      if (data.type === 'ready') settle(() => resolve(data))
      else if (data.type === 'refused') {
        const error = decodeError(data)
        // A script of another version will not do for the next session either.
        if (error.code !== 'EPROTO') onRefused()
        settle(() => reject(error))
      } else if (data.type === 'started') {
        if (data.version !== VERSION) settle(() => reject(wrongVersion(data.version)))
        phase = 'it has stopped while it opened the store'
        silentMs = 0
      }
    }
    const failed = (text: string): void => settle(() => reject(notLoaded(text)))
    // Time is counted in looks, so that a sleeping computer lets none pass.
    const looking = setInterval(() => {
      const now = Atomics.load(words, WORD_HEARTBEAT)
      silentMs = now === heartbeat ? silentMs + LOOK_MS : 0
      openingMs += LOOK_MS
      heartbeat = now
      if (silentMs >= deadlineMs) settle(() => reject(silent(phase, silentMs)))
      // Its timers run, but a promise of the browser's may have been dropped.
      else if (openingMs >= DEADLINES_ALIVE * deadlineMs) settle(() => reject(endless(openingMs)))
    }, LOOK_MS)
    thread.listen({ message, failed }, listening.signal)
    thread.post(start)
  })
}

function wrongVersion(version: number): VfsError {
  return new VfsError('EPROTO', 'open', {
    detail: `the I/O worker's script is of version ${version} of the protocol, not ${VERSION}`,
  })
}

function endless(ms: number): VfsError {
  return new VfsError('ETIMEDOUT', 'open', {
    detail: `the I/O worker is alive and has not opened the store within ${ms} ms`,
  })
}

function silent(phase: string, ms: number): VfsError {
  return new VfsError('EIO', 'open', {
    detail: `the I/O worker gave no sign of life for ${ms} ms: ${phase}`,
  })
}
