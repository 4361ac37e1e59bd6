// Starts the I/O worker and waits, without blocking, until it has opened the store. Called by open.ts.
// Whatever fails, no worker is left behind.

import { VfsError, type Fact, type Ino } from '@wasm-vfs/core/backend'
import { decodeError } from '../channel/error-codec.ts'
import { decodeFacts } from '../channel/fact-codec.ts'
import {
  makeShared,
  VERSION,
  viewsOf,
  WORD_HEARTBEAT,
  type FromWorker,
  type ReadyMessage,
  type SharedViews,
  type StartMessage,
} from '../channel/protocol.ts'
import type { IoStoreOptions } from '../io/io-store.ts'
import { Channel } from './channel.ts'

export interface StartOptions {
  readonly store: IoStoreOptions
  readonly ringBytes: number
  readonly deadlineMs: number
  /** As in the options of a store; undefined: the script that is part of this module. */
  readonly worker: URL | string | Worker | undefined
}

export interface StartedWorker {
  readonly channel: Channel
  readonly facts: readonly Fact[]
  readonly unflushed: readonly Ino[]
}

const NAME = 'wasm-vfs I/O'
/** How often a worker that is opening a store is looked at. */
const LOOK_MS = 250

export async function startWorker(options: StartOptions): Promise<StartedWorker> {
  const views = viewsOf(makeShared(options.ringBytes))
  const { worker, url } = makeWorker(options.worker)
  try {
    const { facts, unflushed } = await handshake(worker, views, options)
    const channel = new Channel(views, worker, options)
    return { channel, facts: decodeFacts(facts), unflushed }
  } catch (error) {
    worker.terminate()
    throw error
  } finally {
    if (url !== undefined) URL.revokeObjectURL(url.href)
  }
}

function makeWorker(given: URL | string | Worker | undefined): { worker: Worker; url?: URL } {
  if (given !== undefined && typeof given !== 'string' && !(given instanceof URL)) {
    return { worker: given }
  }
  try {
    if (given !== undefined) {
      return { worker: new Worker(given, { type: 'module', name: NAME }) }
    }
    // The build puts the URL of a blob here, which holds the script and all that it imports.
    const url = new URL('../worker.ts', import.meta.url)
    return { worker: new Worker(url, { type: 'module', name: NAME }), url }
  } catch (error) {
    throw notLoaded(error instanceof Error ? error.message : String(error))
  }
}

function handshake(
  worker: Worker,
  views: SharedViews,
  { store, deadlineMs }: StartOptions,
): Promise<ReadyMessage> {
  return new Promise((resolve, reject) => {
    let phase = 'its script has not answered; is it that of @wasm-vfs/opfs-worker/worker?'
    let heartbeat = 0
    let silentMs = 0
    const settle = (act: () => void): void => {
      clearInterval(looking)
      worker.removeEventListener('message', onMessage)
      worker.removeEventListener('error', onError)
      worker.removeEventListener('messageerror', onError)
      act()
    }
    const onMessage = ({ data }: MessageEvent<FromWorker>): void => {
      if (data.type === 'ready') settle(() => resolve(data))
      else if (data.type === 'refused') settle(() => reject(decodeError(data)))
      else if (data.type === 'started') {
        if (data.version !== VERSION) settle(() => reject(wrongVersion(data.version)))
        phase = 'it has stopped while it opened the store'
        silentMs = 0
      }
    }
    const onError = (event: Event): void => {
      event.preventDefault()
      const { message = '' } = event as Partial<ErrorEvent>
      settle(() => reject(notLoaded(message)))
    }
    // Time is counted in looks, so that a sleeping computer lets none pass.
    const looking = setInterval(() => {
      const now = Atomics.load(views.words, WORD_HEARTBEAT)
      silentMs = now === heartbeat ? silentMs + LOOK_MS : 0
      heartbeat = now
      if (silentMs >= deadlineMs) settle(() => reject(silent(phase, silentMs)))
    }, LOOK_MS)
    worker.addEventListener('message', onMessage)
    worker.addEventListener('error', onError)
    worker.addEventListener('messageerror', onError)
    const { buffer } = views.words
    const message = { type: 'start', version: VERSION, shared: buffer, options: store }
    worker.postMessage(message as StartMessage)
  })
}

function notLoaded(said: string): VfsError {
  return new VfsError('EIO', 'open', {
    detail:
      `the I/O worker could not be started (${said || 'its script did not load'}); where a content ` +
      'security policy forbids blobs, pass the script that @wasm-vfs/opfs-worker/worker is as `worker`',
  })
}

function wrongVersion(version: number): VfsError {
  return new VfsError('EPROTO', 'open', {
    detail: `the I/O worker's script is of version ${version} of the protocol, not ${VERSION}`,
  })
}

function silent(phase: string, ms: number): VfsError {
  return new VfsError('EIO', 'open', {
    detail: `the I/O worker gave no sign of life for ${ms} ms: ${phase}`,
  })
}
