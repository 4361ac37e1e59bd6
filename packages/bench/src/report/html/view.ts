// A document as the report reads it: levels, columns and cells with their intervals and ratios. Used by
// the parts of the page.

import { BACKENDS, BASELINE } from '../../backends/index.ts'
import { estimate, ratioOf, type Estimate } from '../../interval.ts'
import { NOT_RUN, type BenchDocument, type BenchResult, type Unit } from '../../schema.ts'

export const LEVELS = ['strict', 'relaxed'] as const
/** `memory` where no column of the run persists. */
export type Level = (typeof LEVELS)[number] | 'memory'

export interface Cell {
  readonly workload: string
  readonly backend: string
  readonly unit: Unit
  /** Undefined where there is no figure, or one that is not to be trusted. */
  readonly figure: Estimate | undefined
  /** To the yardstick; undefined for the yardstick itself and where it has no figure. */
  readonly ratio: Estimate | undefined
  /** In place of a figure. */
  readonly reason: Reason | undefined
  readonly result: BenchResult
}

export interface Reason {
  readonly word: string
  readonly message: string
  /** Its turn did not come: no fault of the column. */
  readonly pending: boolean
}

/** The word for what the browser lacks. */
export const UNAVAILABLE = 'not available'

const WORDS = {
  failed: 'failed',
  timeout: 'hangs',
  'wrong-result': 'wrong result',
  unavailable: UNAVAILABLE,
  'not-run': 'not run',
} as const

export class ReportView {
  readonly document: BenchDocument

  constructor(document: BenchDocument) {
    this.document = document
  }

  /** Those that have columns. Strict and relaxed promise different things and are never mixed. */
  get levels(): readonly Level[] {
    const present = LEVELS.filter((level) =>
      this.document.results.some(({ durability }) => durability === level),
    )
    return present.length === 0 ? ['memory'] : present
  }

  get workloads(): readonly string[] {
    return [...new Set(this.document.results.map(({ workload }) => workload))]
  }

  backends(level: Level): string[] {
    return [...new Set(this.#of(level).map(({ backend }) => backend))]
  }

  hasFigures(level: Level): boolean {
    return this.#of(level).some((result) => figureOf(result) !== undefined)
  }

  /** The cells of a workload, in the order of the columns, without those it does not apply to. */
  cells(workload: string, level: Level): Cell[] {
    const results = this.#of(level).filter((result) => result.workload === workload)
    const yardstick = results.find(({ backend }) => backend === BASELINE)
    const base = yardstick === undefined ? undefined : figureOf(yardstick)
    return results
      .filter(({ skipped }) => skipped === undefined)
      .map((result): Cell => {
        const figure = figureOf(result)
        const { backend, unit } = result
        const compared = backend !== BASELINE && base !== undefined && base.low > 0
        return {
          workload,
          backend,
          unit,
          figure,
          ratio: compared && figure !== undefined ? ratioOf(figure, base) : undefined,
          reason: reasonOf(result),
          result,
        }
      })
  }

  #of(level: Level): BenchResult[] {
    return this.document.results.filter(
      ({ durability }) => durability === level || durability === 'none',
    )
  }
}

/** Which colour a backend has: its place among all that there are. */
export function seriesOf(backend: string): number {
  return BACKENDS.findIndex(({ name }) => name === backend)
}

/** Whether it is one of this project's. */
export function isOurs(backend: string): boolean {
  return BACKENDS.find(({ name }) => name === backend)?.vfs !== undefined
}

function figureOf({ samples, samplesPerRound, error }: BenchResult): Estimate | undefined {
  if (error !== undefined || samples.length === 0) return undefined
  return estimate(samples, samplesPerRound)
}

function reasonOf({ error, samples }: BenchResult): Reason | undefined {
  if (error !== undefined) {
    const { kind, message } = error
    return { word: WORDS[kind], message, pending: message === NOT_RUN.message }
  }
  if (samples.length > 0) return undefined
  return { word: WORDS['not-run'], message: 'nothing was measured', pending: true }
}
