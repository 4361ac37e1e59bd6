// Where I/O workers come from and where they go. Called at the start and at the end of a session.
//
// A worker whose session has ended in order is kept for the next one, for a while: that opens faster. And
// where Firefox may wait in `new Worker` for good (see supply.ts), the end of another worker makes that
// likely, once in twenty times. So workers are ended rarely, and none is made here until some time after.

import { VfsError, withDeadline } from '@wasm-vfs/core/backend'
import { awaitPredecessor } from '../channel/predecessor.ts'
import { OwnThread, type IoThread } from './io-thread.ts'
import { SuppliedThread, supplyWorkers, type IoWorkerSupply } from './supply.ts'

/**
 * A script to make a worker from, a worker, or the port of a page that makes workers; undefined: the script
 * that is part of this module.
 */
export type WorkerSource = URL | string | Worker | MessagePort | undefined

const NAME = 'wasm-vfs I/O'
/** An unused worker costs a thread and a few megabytes. */
const KEPT_MS = 10_000
/** Endings were over after 60 ms on a machine with ten times more to do than it had cores; not after 20. */
const AFTER_END_MS = 500
/** One that is ended in the middle of something takes longer: 500 ms were too few at a load of 30. */
const AFTER_FORCED_END_MS = 2_000

const kept = new Map<
  MessagePort | string,
  { thread: IoThread; timer: ReturnType<typeof setTimeout> }
>()
let noneBefore = -Infinity

export function isSupply(source: WorkerSource): source is MessagePort {
  return source instanceof MessagePort
}

/**
 * To be called by a page for a program in one of its workers: makes the program's I/O workers, the first
 * at once. `script` is the module `@wasm-vfs/opfs-worker/worker`; default: a blob that has it inside.
 *
 * Throws VfsError: EIO if no worker can be made.
 */
export function supplyIoWorkers(script?: URL | string): IoWorkerSupply {
  return supplyWorkers(() => makeWorker(script))
}

export async function obtainWorker(source: WorkerSource): Promise<IoThread> {
  if (isWorker(source)) return new OwnThread(source)
  const key = keyOf(source)
  const spare = kept.get(key)
  if (spare !== undefined) {
    clearTimeout(spare.timer)
    kept.delete(key)
    return spare.thread
  }
  if (isSupply(source)) return new SuppliedThread(source)
  const early = noneBefore - performance.now()
  if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
  return new OwnThread(makeWorker(source))
}

/** The worker's session has ended in order, and it holds nothing any more. */
export function returnWorker(thread: IoThread, source: WorkerSource): void {
  const key = isWorker(source) ? '' : keyOf(source)
  if (isWorker(source) || kept.has(key)) {
    end(thread)
    return
  }
  const timer = setTimeout(() => {
    kept.delete(key)
    end(thread)
  }, KEPT_MS)
  kept.set(key, { thread, timer })
}

/** Ends a worker that may be in the middle of something; returns when it is gone. */
export async function endWorker(thread: IoThread, storeName: string): Promise<void> {
  end(thread, AFTER_FORCED_END_MS)
  try {
    const release = await awaitPredecessor(storeName)
    await withDeadline(release(), { operation: 'close', call: 'the release of a Web Lock' })
  } catch {
    // It does not end. The next one to open the store waits for it, too, and is told if that is in vain.
  }
}

/** Why a worker could not be started. */
export function notLoaded(said: string): VfsError {
  return new VfsError('EIO', 'open', {
    detail:
      `the I/O worker could not be started (${said || 'its script did not load'}); where a content ` +
      'security policy forbids blobs, pass the script that @wasm-vfs/opfs-worker/worker is as `worker`',
  })
}

function makeWorker(source: URL | string | undefined): Worker {
  try {
    if (source !== undefined) return new Worker(source, { type: 'module', name: NAME })
    return new Worker(scriptUrl(), { type: 'module', name: NAME })
  } catch (error) {
    throw notLoaded(error instanceof Error ? error.message : String(error))
  }
}

let ownScript: URL | undefined

/** The build puts the URL of a blob here, which holds the script and all that it imports. */
function scriptUrl(): URL {
  return (ownScript ??= new URL('../worker.ts', import.meta.url))
}

function end(thread: IoThread, afterMs: number = AFTER_END_MS): void {
  thread.end()
  noneBefore = Math.max(noneBefore, performance.now() + afterMs)
}

function isWorker(source: WorkerSource): source is Worker {
  return typeof Worker === 'function' && source instanceof Worker
}

function keyOf(source: URL | string | MessagePort | undefined): MessagePort | string {
  if (source === undefined) return ''
  return isSupply(source) ? source : String(source)
}
