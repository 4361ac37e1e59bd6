// Runs random operation sequences on a target and on the model. A difference is shrunk by fast-check
// to a short sequence, which the error shows as calls, with the seed that finds it again.

import * as fc from 'fast-check'
import { ConformanceFailure } from '../assert.ts'
import type { ConformanceTarget } from '../case.ts'
import { operationSequences, type Operation, type OperationKind } from './operations.ts'
import { Pair } from './steps.ts'

export interface ModelOptions {
  /** Sequences to try, each on a fresh store. */
  readonly runs: number
  /** Operations in the longest sequence. Default 60. */
  readonly operationsMax?: number
  /** Same seed, same sequences. Default: a fixed one, so that a build does not fail by chance. */
  readonly seed?: number
  /** Runs and shrinking stop after so long, in ms, and the run counts as failed. Default 5 minutes. */
  readonly deadlineMs?: number
  /** Shrinking of a failure ends after so long, in ms, with the best so far. Default 20 seconds. */
  readonly shrinkMs?: number
  /** The whole tree is compared after every so many operations (and at the end). Default 1. */
  readonly compareEvery?: number
}

export interface OperationCount {
  accepted: number
  refused: number
}

export interface ModelReport {
  readonly runs: number
  readonly operations: Readonly<Partial<Record<OperationKind, OperationCount>>>
}

const DEFAULT_SEED = 20_261_122
const DEFAULT_DEADLINE_MS = 300_000
const DEFAULT_SHRINK_MS = 20_000

let storesNamed = 0

/** Rejects with a ConformanceFailure at the first sequence on which target and model differ. */
export async function runModel(
  target: ConformanceTarget,
  options: ModelOptions,
): Promise<ModelReport> {
  const operations: Partial<Record<OperationKind, OperationCount>> = {}
  const { shrinkMs = DEFAULT_SHRINK_MS } = options
  let runs = 0
  let failedAt: number | undefined
  const sequences = operationSequences(options.operationsMax ?? 60, target.capabilities.persistent)
  const property = fc.asyncProperty(sequences, async (sequence) => {
    // A candidate that is not tried counts as one that does not fail, so shrinking comes to its end.
    if (failedAt !== undefined && Date.now() - failedAt > shrinkMs) return
    runs++
    try {
      await runSequence(target, sequence, options.compareEvery ?? 1, operations)
    } catch (error) {
      failedAt ??= Date.now()
      throw error
    }
  })
  const details = await fc.check(property, {
    numRuns: options.runs,
    seed: options.seed ?? DEFAULT_SEED,
    interruptAfterTimeLimit: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    markInterruptAsFailure: true,
  })
  if (details.failed) throw failureOf(target, details)
  return { runs, operations }
}

/** One sequence on one fresh store, for reproducing what `runModel` found. */
export async function runSequence(
  target: ConformanceTarget,
  sequence: readonly Operation[],
  compareEvery: number,
  counts: Partial<Record<OperationKind, OperationCount>> = {},
): Promise<void> {
  const storeName = `model-${Date.now().toString(36)}-${storesNamed++}`
  let vfs = await target.open(storeName)
  const pair = new Pair(vfs, async () => {
    await vfs.close()
    vfs = await target.open(storeName)
    return vfs
  })
  try {
    for (const [index, operation] of sequence.entries()) {
      const count = (counts[operation.do] ??= { accepted: 0, refused: 0 })
      const accepted = await pair.step(operation)
      count[accepted ? 'accepted' : 'refused']++
      if (index % compareEvery === 0) pair.compare()
    }
    pair.compare()
    if (target.capabilities.persistent) {
      await pair.step({ do: 'remount' })
      pair.compare()
    }
  } catch (error) {
    throw new ConformanceFailure(
      `${error instanceof Error ? error.message : String(error)}\n${numbered(pair.trace)}`,
      { cause: error },
    )
  } finally {
    await vfs.close()
    await target.destroy(storeName)
  }
}

function numbered(trace: readonly string[]): string {
  return trace.map((line, index) => `  ${String(index + 1).padStart(3)}. ${line}`).join('\n')
}

function failureOf(
  target: ConformanceTarget,
  details: fc.RunDetails<[Operation[]]>,
): ConformanceFailure {
  const { counterexample, errorInstance, interrupted, numRuns, numShrinks, seed } = details
  const found = `seed ${seed}, run ${numRuns}, shrunk ${numShrinks} times`
  if (counterexample === null) {
    const why = interrupted ? `not finished in time, after ${numRuns} runs` : 'no run was made'
    return new ConformanceFailure(`${target.name} and the model: ${why} (${found})`)
  }
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return new ConformanceFailure(
    `${target.name} differs from the model (${found}): ${message}\n` +
      `  as data: ${fc.stringify(counterexample[0])}`,
    { cause: errorInstance },
  )
}
