// The JSON document of a run: what the CLI writes, and what anything that reads or compares runs
// relies on. A change that a reader of the old shape would misread gets a new SCHEMA.

import type { Durability } from '@wasm-vfs/core'

export const SCHEMA = 'wasm-vfs-bench/1'

export interface BenchDocument {
  readonly schema: typeof SCHEMA
  /** False when the run was interrupted or the browser died: some cells then lack samples. */
  readonly complete: boolean
  readonly env: Environment
  /** Rounds finished; each gave every column one fresh store. */
  readonly rounds: number
  /** One per workload and column, also where nothing could be measured. */
  readonly results: readonly BenchResult[]
  /** The machine's floor: raw storage and thread primitives, measured in the same run. */
  readonly probes: readonly ProbeResult[]
}

export interface Environment {
  /** Start of the run, ISO 8601 in UTC. */
  readonly date: string
  readonly browser: { readonly name: string; readonly version: string; readonly userAgent: string }
  readonly os: string
  /** `unknown` to a page. */
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB?: number | undefined
  /** Of the browser profile's directory; on `tmpfs` a flush costs nothing. `unknown` to a page. */
  readonly fileSystem: string
  /** Absent where a page ran by itself (`pnpm bench open`), in a browser that somebody was using. */
  readonly node?: string | undefined
  readonly pglite: string
  /** Of this repository, with `-dirty` when files differ from it; absent outside a checkout. */
  readonly commit?: string | undefined
}

export interface Summary {
  readonly median: number
  readonly mean: number
  readonly min: number
  readonly p25: number
  readonly p75: number
  readonly p95: number
  readonly max: number
}

/** `ms` per operation, or `us` for the probes; `MiB` held; `per-window`: flushes in a window. */
export type Unit = 'ms' | 'us' | 'MiB' | 'per-window'

export interface BenchResult extends Partial<Omit<Summary, 'median'>> {
  readonly workload: string
  readonly backend: string
  readonly durability: Durability
  readonly unit: Unit
  /** In the order they were taken, all rounds. */
  readonly samples: readonly number[]
  /** How many of `samples` each round gave: samples of one round share a store and a worker. */
  readonly samplesPerRound: readonly number[]
  /** Null without samples. */
  readonly median: number | null
  /**
   * Physical work per sample, on average (see VfsCounters), and what the workload counted itself;
   * `handles` is the count at the end.
   */
  readonly counters?: Readonly<Record<string, number>> | undefined
  /** Why the cell is not to be trusted or has no samples. The first failure counts. */
  readonly error?: CellError | undefined
  /** Why the workload does not apply to the backend. */
  readonly skipped?: string | undefined
}

export interface CellError {
  /**
   * `failed`: it threw. `timeout`: no end within the deadline. `wrong-result`: the rows are not those
   * that were written. `unavailable`: the browser lacks what the backend needs. `not-run`: something
   * before it failed, or the run ended early.
   */
  readonly kind: 'failed' | 'timeout' | 'wrong-result' | 'unavailable' | 'not-run'
  readonly message: string
}

/** Of a cell whose turn did not come. */
export const NOT_RUN: CellError = { kind: 'not-run', message: 'the run ended before it' }

export interface ProbeResult {
  readonly probe: string
  readonly unit: Unit
  readonly samples: readonly number[]
  readonly median: number | null
  readonly p95?: number | undefined
  readonly error?: CellError | undefined
}
