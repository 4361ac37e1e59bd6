// Gathers the events of tasks into the cells of the JSON document. Fed by run.ts; every planned cell
// exists from the start, so a run that is cut short still gives a whole document.

import type { Column, Counters, TaskEvent } from './protocol.ts'
import { NOT_RUN, type BenchResult, type CellError, type ProbeResult, type Unit } from './schema.ts'
import { summarize } from './statistics.ts'

interface Named {
  readonly name: string
  readonly unit: Unit
}

interface Cell {
  readonly item: Named
  readonly rounds: number[][]
  readonly counters: Counters[]
  error: CellError | undefined
  skipped: string | undefined
}

export class ResultSet {
  readonly #columns: readonly Column[]
  readonly #workloads: readonly Named[]
  /** By column, then by workload. */
  readonly #cells: ReadonlyMap<Column, ReadonlyMap<string, Cell>>
  readonly #probes: Map<string, Cell>

  constructor(columns: readonly Column[], workloads: readonly Named[], probes: readonly Named[]) {
    this.#columns = columns
    this.#workloads = workloads
    this.#cells = new Map(columns.map((column) => [column, emptyCells(workloads)]))
    this.#probes = emptyCells(probes)
  }

  /** A recorder for one task: of some workloads of a column. */
  recorder(column: Column, workloads: readonly string[]): Recorder {
    const cells = this.#cells.get(column)
    if (cells === undefined) throw new TypeError('the column is not one of this run')
    return new Recorder(new Map([...cells].filter(([name]) => workloads.includes(name))))
  }

  /** A recorder for one task of probes; those that are new get their cells now. */
  probeRecorder(probes: readonly Named[]): Recorder {
    const wanted = probes.map(({ name }) => name)
    const added = probes.filter(({ name }) => !this.#probes.has(name))
    for (const [name, cell] of emptyCells(added)) this.#probes.set(name, cell)
    return new Recorder(new Map([...this.#probes].filter(([name]) => wanted.includes(name))))
  }

  /** Mean bytes written per sample so far; undefined where nothing was counted. */
  bytesPerSample(column: Column, workload: string): number | undefined {
    const cell = this.#cells.get(column)?.get(workload)
    if (cell === undefined || cell.counters.length === 0) return undefined
    return averaged(cell.counters)['bytesWritten']
  }

  results(): BenchResult[] {
    return this.#workloads.flatMap(({ name }) =>
      this.#columns.map((column) => {
        const cell = this.#cells.get(column)?.get(name)
        if (cell === undefined) throw new TypeError(`no cell for ${name}`)
        return result(column, cell)
      }),
    )
  }

  probes(): ProbeResult[] {
    return [...this.#probes.values()].map((cell) => {
      const samples = cell.rounds.flat()
      const summary = samples.length > 0 ? summarize(samples) : undefined
      return {
        probe: cell.item.name,
        unit: cell.item.unit,
        samples: samples.map(round),
        median: summary === undefined ? null : round(summary.median),
        ...(summary !== undefined && { p95: round(summary.p95) }),
        ...(cell.error !== undefined && { error: cell.error }),
        ...(samples.length === 0 && cell.error === undefined && { error: NOT_RUN }),
      }
    })
  }

  get hasSamples(): boolean {
    return [...this.#cells.values()].some((cells) =>
      [...cells.values()].some(({ rounds }) => rounds.length > 0),
    )
  }
}

/** Takes the events of one task, then settles the cells that it said nothing about. */
export class Recorder {
  readonly #cells: ReadonlyMap<string, Cell>
  readonly #settled = new Set<string>()
  /** The latest failure: what is never heard of did not run because of it. */
  #brokenBy: CellError | undefined

  constructor(cells: ReadonlyMap<string, Cell>) {
    this.#cells = cells
  }

  record(event: TaskEvent): void {
    if (event.type !== 'measured' && event.type !== 'failed' && event.type !== 'skipped') return
    const cell = this.#cells.get(event.name)
    if (event.type === 'failed') {
      const { kind, message } = event.error
      const about = kind === 'unavailable' ? message : `${event.name} failed: ${message}`
      this.#brokenBy = { kind: kind === 'unavailable' ? kind : 'not-run', message: about }
    }
    if (cell === undefined) return
    this.#settled.add(event.name)
    switch (event.type) {
      case 'measured':
        cell.rounds.push([...event.samples])
        if (event.counters !== undefined) cell.counters.push(event.counters)
        break
      case 'failed':
        cell.error ??= event.error
        break
      case 'skipped':
        cell.skipped = event.reason
        break
    }
  }

  /** Whether something failed, so that nothing can follow. */
  get broken(): boolean {
    return this.#brokenBy !== undefined
  }

  /** The task is over; `lost` says why it did not come to its own end. */
  finish(lost?: CellError): void {
    const error = lost ?? this.#brokenBy
    if (error === undefined) return
    for (const [name, cell] of this.#cells) {
      if (!this.#settled.has(name)) cell.error ??= error
    }
  }
}

function emptyCells(items: readonly Named[]): Map<string, Cell> {
  return new Map(
    items.map((item) => [
      item.name,
      { item, rounds: [], counters: [], error: undefined, skipped: undefined },
    ]),
  )
}

function result(column: Column, cell: Cell): BenchResult {
  const samples = cell.rounds.flat()
  const { median = null, ...rest } = samples.length > 0 ? rounded(summarize(samples)) : {}
  const missing = samples.length === 0 && cell.error === undefined && cell.skipped === undefined
  return {
    workload: cell.item.name,
    ...column,
    unit: cell.item.unit,
    samples: samples.map(round),
    samplesPerRound: cell.rounds.map(({ length }) => length),
    median,
    ...rest,
    ...(cell.counters.length > 0 && { counters: averaged(cell.counters) }),
    ...(cell.error !== undefined && { error: cell.error }),
    ...(missing && { error: NOT_RUN }),
    ...(cell.skipped !== undefined && { skipped: cell.skipped }),
  }
}

function averaged(rounds: readonly Counters[]): Counters {
  const names = new Set(rounds.flatMap((counters) => Object.keys(counters)))
  return Object.fromEntries(
    [...names].map((name) => {
      const sum = rounds.reduce((total, counters) => total + (counters[name] ?? 0), 0)
      return [name, round(sum / rounds.length)]
    }),
  )
}

function rounded<T extends object>(values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, round(value as number)]),
  ) as T
}

/** To four decimals: below the clock's step in milliseconds, and short in the file. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
