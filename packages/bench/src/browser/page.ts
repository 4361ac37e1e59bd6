// The page that node drives through `globalThis.bench`: it fetches PGlite once, gives each task to
// fresh workers on wiped storage, and ends a worker that misses its deadline.

import { backendNamed } from '../backends/index.ts'
import type {
  BenchPage,
  LifeTask,
  PgliteArtifacts,
  ProbeTask,
  Task,
  TaskEvent,
  WorkerDone,
  WorkerRequest,
} from '../protocol.ts'
import { workloadNamed } from '../workloads/index.ts'
import { cellError } from './errors.ts'
import { EventQueue } from './queue.ts'
import { supervise } from './supervise.ts'
import { wipeStorage } from './wipe.ts'

const WIPE_DEADLINE_MS = 30_000

let artifacts: PgliteArtifacts | undefined
let storesMade = 0
let queue = new EventQueue<TaskEvent>()

const bench: BenchPage = {
  async prepare() {
    // Mounted by ../session.ts.
    const [pgliteWasmModule, initdbWasmModule, fsBundle] = await Promise.all([
      WebAssembly.compileStreaming(fetch('/pglite/pglite.wasm')),
      WebAssembly.compileStreaming(fetch('/pglite/initdb.wasm')),
      fetch('/pglite/pglite.data').then((response) => response.blob()),
    ])
    artifacts = { pgliteWasmModule, initdbWasmModule, fsBundle }
    return { userAgent: navigator.userAgent }
  },
  start(task) {
    queue = new EventQueue()
    const events = queue
    const emit = (event: TaskEvent): void => events.push(event)
    void runTask(task, emit)
      .catch((error: unknown) => emit({ type: 'failed', name: task.kind, error: cellError(error) }))
      .finally(() => emit({ type: 'done' }))
  },
  next: () => queue.shift(),
}

Object.assign(globalThis, { bench })

async function runTask(task: Task, emit: (event: TaskEvent) => void): Promise<void> {
  await wipe(emit)
  if (task.kind === 'life') await runLife(task, emit)
  else await runProbes(task, emit)
  await wipe(emit)
}

async function wipe(emit: (event: TaskEvent) => void): Promise<void> {
  emit({ type: 'stage', name: 'wipe', deadlineMs: WIPE_DEADLINE_MS })
  await wipeStorage(WIPE_DEADLINE_MS)
}

async function runProbes(task: ProbeTask, emit: (event: TaskEvent) => void): Promise<void> {
  await inWorker({ kind: 'probes', task }, emit)
}

async function runLife(task: LifeTask, emit: (event: TaskEvent) => void): Promise<void> {
  if (artifacts === undefined) throw new TypeError('prepare() comes first')
  const store = `bench-${++storesMade}`
  const reopeners = task.workloads.filter((name) => workloadNamed(name).phase === 'reopen')
  const { persistent } = backendNamed(task.column.backend)
  if (!persistent) {
    for (const name of reopeners) emit({ type: 'skipped', name, reason: 'nothing to reopen' })
  }

  const first = await inWorker({ kind: 'first-life', task, store, artifacts }, emit)
  if (!first.reopenable || !persistent || reopeners.length === 0) return
  const { expected } = first
  await inWorker({ kind: 'second-life', task, store, artifacts, expected }, emit)
}

/** Each request has a worker of its own: nothing of one life is left in memory for the next. */
function inWorker(request: WorkerRequest, emit: (event: TaskEvent) => void): Promise<WorkerDone> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  return supervise(worker, request, emit)
}
