// The page that node drives through `globalThis.bench`: it fetches PGlite once, gives each task to
// fresh workers on wiped storage, and ends a worker that misses its deadline.

import { backendNamed } from '../backends/index.ts'
import {
  STORAGE_OWN,
  STORAGE_PARAMETER,
  type BenchPage,
  type LeftBehind,
  type LifePart,
  type LifeTask,
  type PgliteArtifacts,
  type ProbeTask,
  type Task,
  type TaskEvent,
  type WorkerDone,
  type WorkerRequest,
} from '../protocol.ts'
import { isOnFiles, workloadNamed } from '../workloads/index.ts'
import { LATER_PHASES, type Phase } from '../workloads/workload.ts'
import { GONE_STEP, untilGone } from './alive.ts'
import { cellError } from './errors.ts'
import { answerMemoryQuestions } from './memory.ts'
import { EventQueue } from './queue.ts'
import { serveCalls } from './remote.ts'
import { supervise } from './supervise.ts'
import { isOwn, wipeStorage } from './wipe.ts'

const WIPE_DEADLINE_MS = 30_000
/** What is in use for longer is not let go of before the page is closed. */
const LAST_WIPE_DEADLINE_MS = 10_000
/** Workloads of one life of files that are waited for until their deadline. */
const HANGS_MAX = 3
/** Whether others may keep things in this origin. */
const isShared = new URLSearchParams(location.search).get(STORAGE_PARAMETER) === STORAGE_OWN
/** Among the pages of the origin. */
const page = crypto.randomUUID()
const NOTHING: LeftBehind = { expected: [], acknowledged: 0 }

let artifacts: PgliteArtifacts | undefined
let queue = new EventQueue<TaskEvent>()

const bench: BenchPage = {
  async prepare() {
    // Put there by ../site.ts.
    const [pgliteWasmModule, initdbWasmModule, fsBundle] = await Promise.all([
      WebAssembly.compileStreaming(fetch('./pglite/pglite.wasm')),
      WebAssembly.compileStreaming(fetch('./pglite/initdb.wasm')),
      fetch('./pglite/pglite.data').then((response) => response.blob()),
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
answerMemoryQuestions(page)
// Ends with the page, when the server is gone.
void serveCalls(bench).catch(() => {})

async function runTask(task: Task, emit: (event: TaskEvent) => void): Promise<void> {
  const isMount = task.kind === 'life' && task.step === 'mount'
  const isKept = task.kind === 'life' && task.mountFollows && !isMount
  if (!isMount) await wipe(emit, WIPE_DEADLINE_MS)
  if (task.kind === 'probes') await runProbes(task, emit)
  else if (isMount) await runMount(task, emit)
  else if (isOnFiles(task)) await runFileLives(task, emit)
  else await runLife(task, emit)
  if (isKept) return
  try {
    await wipe(emit, LAST_WIPE_DEADLINE_MS)
  } catch {
    emit({ type: 'in-use' })
  }
}

async function wipe(emit: (event: TaskEvent) => void, deadlineMs: number): Promise<void> {
  emit({ type: 'stage', name: 'wipe', deadlineMs })
  await wipeStorage(deadlineMs, isShared ? isOwn : undefined)
}

async function runProbes(task: ProbeTask, emit: (event: TaskEvent) => void): Promise<void> {
  await inWorker({ kind: 'probes', task }, emit)
}

/**
 * Workloads on files need nothing of those before them, so that after one that hangs the rest go on, in a
 * store of their own.
 */
async function runFileLives(task: LifeTask, emit: (event: TaskEvent) => void): Promise<void> {
  let workloads = task.workloads
  for (let hangs = 0; hangs < HANGS_MAX; hangs++) {
    let hanging: string | undefined
    await runLife({ ...task, workloads }, (event) => {
      if (event.type === 'failed' && event.error.kind === 'timeout') hanging = event.name
      emit(event)
    })
    if (hanging === undefined || !workloads.includes(hanging)) return
    workloads = workloads.slice(workloads.indexOf(hanging) + 1)
    if (workloads.length === 0) return
    await wipe(emit, WIPE_DEADLINE_MS)
  }
}

async function runLife(task: LifeTask, emit: (event: TaskEvent) => void): Promise<void> {
  if (artifacts === undefined) throw new TypeError('prepare() comes first')
  const common = { kind: 'life', task, store: task.store, artifacts, page } as const
  const later = task.workloads.filter((name) => LATER_PHASES.includes(workloadNamed(name).phase))
  const wanted = (phase: Phase): boolean =>
    later.some((name) => workloadNamed(name).phase === phase)
  const { persistent } = backendNamed(task.column.backend)
  if (!persistent) {
    for (const name of later) emit({ type: 'skipped', name, reason: 'nothing to reopen' })
  }

  const { left } = await inWorker({ ...common, part: 'first', left: NOTHING }, emit)
  if (left === undefined || !persistent) return
  const then = (part: LifePart, from = left): Promise<WorkerDone> =>
    inWorker({ ...common, part, left: from }, emit)
  const killed = wanted('reopen-killed')
  if (!wanted('reopen') && !killed) return
  const reopened = await then('reopen')
  if (!killed || reopened.left === undefined) return
  emit({ type: 'stage', ...GONE_STEP })
  await untilGone(common.store)
  await then('reopen-killed', reopened.left)
}

async function runMount(task: LifeTask, emit: (event: TaskEvent) => void): Promise<void> {
  if (artifacts === undefined) throw new TypeError('prepare() comes first')
  const { store } = task
  await inWorker({ kind: 'life', part: 'mount', task, store, artifacts, left: NOTHING, page }, emit)
}

/** Each request has a worker of its own: nothing of one life is left in memory for the next. */
function inWorker(request: WorkerRequest, emit: (event: TaskEvent) => void): Promise<WorkerDone> {
  const worker = new Worker(new URL('./store-worker.ts', import.meta.url), { type: 'module' })
  if (request.kind === 'life') backendNamed(request.task.column.backend).attend?.(worker)
  return supervise(worker, request, emit)
}
