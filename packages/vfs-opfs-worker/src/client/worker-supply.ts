// Where I/O workers come from and where they go. Called at the start and at the end of a session.
//
// A worker whose session has ended in order is kept for the next one, for a while: that opens faster, and
// Firefox needs it. There (seen in 153) a thread of a worker that makes another while an earlier one is
// still ending waits in `new Worker` for good, about once in twenty times, and nothing tells when an
// ending is over. So workers are ended rarely, and none is made until some time after.

import { VfsError } from '@wasm-vfs/core/backend'
import { awaitPredecessor } from '../channel/predecessor.ts'

/** A script to make a worker from, or a worker; undefined: the script that is part of this module. */
export type WorkerSource = URL | string | Worker | undefined

const NAME = 'wasm-vfs I/O'
/** An unused worker costs a thread and a few megabytes. */
const KEPT_MS = 10_000
/** Endings were over after 60 ms on a machine with ten times more to do than it had cores; not after 20. */
const AFTER_END_MS = 500
/** One that is ended in the middle of something takes longer: 500 ms were too few at a load of 30. */
const AFTER_FORCED_END_MS = 2_000

const kept = new Map<string, { worker: Worker; timer: ReturnType<typeof setTimeout> }>()
let noneBefore = -Infinity

export async function obtainWorker(source: WorkerSource): Promise<Worker> {
  if (isWorker(source)) return source
  const key = keyOf(source)
  const spare = kept.get(key)
  if (spare !== undefined) {
    clearTimeout(spare.timer)
    kept.delete(key)
    return spare.worker
  }
  const early = noneBefore - performance.now()
  if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
  return makeWorker(source)
}

/** The worker's session has ended in order, and it holds nothing any more. */
export function returnWorker(worker: Worker, source: WorkerSource): void {
  const key = isWorker(source) ? '' : keyOf(source)
  if (isWorker(source) || kept.has(key)) {
    terminate(worker)
    return
  }
  const timer = setTimeout(() => {
    kept.delete(key)
    terminate(worker)
  }, KEPT_MS)
  kept.set(key, { worker, timer })
}

/** Ends a worker that may be in the middle of something; returns when it is gone. */
export async function endWorker(worker: Worker, storeName: string): Promise<void> {
  terminate(worker, AFTER_FORCED_END_MS)
  try {
    const release = await awaitPredecessor(storeName)
    await release()
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

function terminate(worker: Worker, afterMs: number = AFTER_END_MS): void {
  worker.terminate()
  noneBefore = Math.max(noneBefore, performance.now() + afterMs)
}

function isWorker(source: WorkerSource): source is Worker {
  return source !== undefined && typeof source !== 'string' && !(source instanceof URL)
}

function keyOf(source: URL | string | undefined): string {
  return source === undefined ? '' : String(source)
}
