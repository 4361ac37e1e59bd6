// What node, the page and its workers say to each other. Node starts a task in the page and reads its
// events one by one; the page gives each life to fresh workers and passes their events on, adding
// those of a worker that hangs or dies.

import type { Durability } from '@wasm-vfs/core'
import type { CellError } from './schema.ts'

/** The page that runs tasks, beside its scripts. */
export const RUNNER_PAGE = 'runner.html'
/** Of its URL: `own` if the origin is not the bench's alone, whose storage is then left to others. */
export const STORAGE_PARAMETER = 'storage'
export const STORAGE_OWN = 'own'

/** One backend at one durability: a column of the comparison. */
export interface Column {
  readonly backend: string
  readonly durability: Durability
}

/** Sizes that the command line can change. */
export interface Settings {
  /** Of the database of pg-large-open. */
  readonly sizeMiB: number
  /** In the database of pg-many-tables-open. */
  readonly tables: number
}

/** One sample of a column: a fresh store, created, used, closed, and reopened in other workers. */
export interface LifeTask {
  readonly kind: 'life'
  readonly column: Column
  /** All of one life (workloads/workload.ts). */
  readonly workloads: readonly string[]
  readonly settings: Settings
  /** The store's name, one for each life of a run. */
  readonly store: string
  /**
   * `life` begins with empty storage and leaves it empty, unless a `mount` of the store follows: that
   * step is a task of its own, because it is done in a page of its own (BrowserSession.runAside).
   */
  readonly step: 'life' | 'mount'
  readonly mountFollows: boolean
}

export interface ProbeTask {
  readonly kind: 'probes'
  readonly probes: readonly string[]
}

export type Task = LifeTask | ProbeTask

export type Counters = Readonly<Record<string, number>>

/**
 * `stage` opens each step, timed or not, and gives it a deadline; the events of a step come before the
 * next `stage`. `done` is the last event of every task, whatever happened.
 */
export type TaskEvent =
  | { readonly type: 'stage'; readonly name: string; readonly deadlineMs: number }
  | {
      readonly type: 'measured'
      readonly name: string
      readonly samples: readonly number[]
      readonly counters?: Counters | undefined
    }
  | { readonly type: 'failed'; readonly name: string; readonly error: CellError }
  | { readonly type: 'skipped'; readonly name: string; readonly reason: string }
  /** After all was measured: storage is still in use, and only another page can empty it. */
  | { readonly type: 'in-use' }
  | { readonly type: 'done' }

/** What must be in the tables of a store, for the worker that reopens it. */
export interface ExpectedTable {
  readonly table: string
  readonly rows: number
  /** Hex SHA-256 over all rows, by id. */
  readonly digest: string
  /** The workloads whose cells are wrong if the table is. */
  readonly workloads: readonly string[]
}

/** PGlite's files, fetched and compiled once by the page and shared with every worker. */
export interface PgliteArtifacts {
  readonly pgliteWasmModule: WebAssembly.Module
  readonly initdbWasmModule: WebAssembly.Module
  readonly fsBundle: Blob
}

/**
 * A part of a life, each in a worker of its own. `reopen` closes again, or commits until it is
 * terminated, if something comes after that.
 */
export type LifePart = 'first' | 'reopen' | 'mount' | 'reopen-killed'

export type WorkerRequest =
  | {
      readonly kind: 'life'
      readonly part: LifePart
      readonly task: LifeTask
      readonly store: string
      readonly artifacts: PgliteArtifacts
      readonly left: LeftBehind
      /** The page that started the worker, and answers what it asks (browser/memory.ts). */
      readonly page: string
    }
  | { readonly kind: 'probes'; readonly task: ProbeTask }
  | NeighbourRequest

/** From one worker to another: it commits to a store of its own until it is told to stop. */
export interface NeighbourRequest {
  readonly kind: 'neighbour'
  readonly column: Column
  readonly store: string
  readonly artifacts: PgliteArtifacts
}

/** What a worker leaves in the store for the next one. */
export interface LeftBehind {
  readonly expected: readonly ExpectedTable[]
  /** Commits that were acknowledged before the worker was killed. */
  readonly acknowledged: number
}

/** A worker's last message, at which it is terminated. */
export interface WorkerDone {
  readonly type: 'worker-done'
  /** What the next part of the life can rely on; undefined where none can follow. */
  readonly left: LeftBehind | undefined
}

export type WorkerMessage = TaskEvent | WorkerDone

/** The page's face towards node, at `globalThis.bench`. */
export interface BenchPage {
  /** Fetches what every task needs. */
  prepare(): Promise<{ readonly userAgent: string }>
  /** Begins a task; one at a time. */
  start(task: Task): void
  /** The task's next event, as soon as there is one. */
  next(): Promise<TaskEvent>
}
