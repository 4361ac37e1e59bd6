// Runs the raw probes in a worker, one after the other. Called by worker.ts.

import { probeNamed } from '../probes/index.ts'
import type { Probe, ProbeBench } from '../probes/probe.ts'
import type { TaskEvent } from '../protocol.ts'
import { cellError } from './errors.ts'
import { unmet } from './requirements.ts'

const DEADLINE_MS = 30_000
const WARM_UP_SAMPLES = 5
const SAMPLES = 50
const SAMPLES_MIN = 10
const TIME_MS = 200
const US_PER_MS = 1_000

export async function runProbes(
  names: readonly string[],
  emit: (event: TaskEvent) => void,
): Promise<void> {
  for (const name of names) {
    const probe = probeNamed(name)
    emit({ type: 'stage', name, deadlineMs: DEADLINE_MS })
    const missing = await unmet(probe.needs)
    if (missing !== undefined) {
      emit({ type: 'failed', name, error: { kind: 'unavailable', message: missing } })
      continue
    }
    try {
      emit({ type: 'measured', name, samples: await sample(probe) })
    } catch (error) {
      emit({ type: 'failed', name, error: cellError(error) })
    }
  }
}

async function sample(probe: Probe): Promise<number[]> {
  const bench = await probe.setUp()
  try {
    for (let count = 0; count < WARM_UP_SAMPLES; count++) await batch(bench, probe.batch)
    const samples: number[] = []
    const start = performance.now()
    while (
      samples.length < SAMPLES_MIN ||
      (samples.length < SAMPLES && performance.now() - start < TIME_MS)
    ) {
      const ms = await batch(bench, probe.batch)
      samples.push(probe.unit === 'us' ? ms * US_PER_MS : ms)
    }
    return samples
  } finally {
    await bench.tearDown()
  }
}

/** Milliseconds per operation. A synchronous one is not awaited: a turn of the queue would count. */
async function batch(bench: ProbeBench, operations: number): Promise<number> {
  if (bench.between !== undefined) return spacedBatch(bench, bench.between, operations)
  const start = performance.now()
  for (let count = 0; count < operations; count++) {
    const pending = bench.operation()
    if (pending !== undefined) await pending
  }
  return (performance.now() - start) / operations
}

/** Each operation is timed by itself; the clock's step evens out over the batch. */
async function spacedBatch(
  bench: ProbeBench,
  between: () => void | Promise<void>,
  operations: number,
): Promise<number> {
  let total = 0
  for (let count = 0; count < operations; count++) {
    const preparing = between()
    if (preparing !== undefined) await preparing
    const start = performance.now()
    const pending = bench.operation()
    if (pending !== undefined) await pending
    total += performance.now() - start
  }
  return total / operations
}
