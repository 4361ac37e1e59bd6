// A run's document as the bars read it: cells and probes by name, as estimates. What a run has no
// figures for is undefined, and a bar that needs it does not apply.

import type { Durability } from '@wasm-vfs/core'
import type { BenchDocument, BenchResult } from '../schema.ts'
import { rawWriteOf } from '../probes/commit.ts'
import { estimate, times, type Estimate } from '../interval.ts'

const MS_PER_US = 0.001
const NEAR_BYTES = 2_048

export class RunView {
  readonly browser: string
  readonly #document: BenchDocument

  constructor(document: BenchDocument) {
    this.browser = document.env.browser.name
    this.#document = document
  }

  /** Undefined where nothing was measured, and where what was is not to be trusted. */
  cell(workload: string, backend: string, durability: Durability): Cell | undefined {
    const found = this.#document.results.find(
      (result) =>
        result.workload === workload &&
        result.backend === backend &&
        result.durability === durability,
    )
    if (found === undefined || found.error !== undefined || found.samples.length === 0) {
      return undefined
    }
    return new Cell(found)
  }

  /** Milliseconds. */
  probe(name: string): Estimate | undefined {
    const found = this.#document.probes.find(({ probe }) => probe === name)
    if (found === undefined || found.error !== undefined || found.samples.length === 0) {
      return undefined
    }
    const estimated = estimate(found.samples, [])
    return found.unit === 'us' ? times(MS_PER_US, estimated) : estimated
  }

  /**
   * The raw write that is nearest to the bytes of a commit, flushed for a strict one. Sizes were chosen
   * by the first round, so a mean over all rounds may round to a neighbour. Undefined if none is near.
   */
  rawCommit(bytes: number, durability: Durability): Estimate | undefined {
    let nearest: { readonly name: string; readonly distance: number } | undefined
    for (const { probe } of this.#document.probes) {
      const write = rawWriteOf(probe)
      if (write === undefined || write.flush !== (durability === 'strict')) continue
      const distance = Math.abs(write.bytes - bytes)
      if (distance <= (nearest?.distance ?? NEAR_BYTES)) nearest = { name: probe, distance }
    }
    return nearest === undefined ? undefined : this.probe(nearest.name)
  }

  /** Whether a backend took part. */
  hasBackend(name: string): boolean {
    return this.#document.results.some(({ backend }) => backend === name)
  }

  /** The workloads of the run whose names begin so. */
  workloads(prefix: string): string[] {
    const names = this.#document.results.map(({ workload }) => workload)
    return [...new Set(names)].filter((name) => name.startsWith(prefix))
  }
}

export class Cell {
  readonly #result: BenchResult

  constructor(result: BenchResult) {
    this.#result = result
  }

  /** Milliseconds; of a cell that is no time, its unit. */
  get time(): Estimate {
    const estimated = estimate(this.#result.samples, this.#result.samplesPerRound)
    return this.#result.unit === 'us' ? times(MS_PER_US, estimated) : estimated
  }

  /** Per sample; undefined where it was not counted. */
  counter(name: string): number | undefined {
    return this.#result.counters?.[name]
  }
}
