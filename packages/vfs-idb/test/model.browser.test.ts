// The model tests on IndexedDB, remounts included, in a worker of each browser.

import { runModelInWorker } from '@wasm-vfs/core/testing/model'
import { expect, it } from 'vitest'

const RUNS = 40
const DEADLINE_MS = 180_000

it(
  `idb does what the model does, in ${RUNS} random sequences with remounts`,
  async () => {
    const report = await runModelInWorker(
      () => new Worker(new URL('./model.worker.ts', import.meta.url), { type: 'module' }),
      { runs: RUNS, operationsMax: 80, compareEvery: 5, deadlineMs: DEADLINE_MS },
    )
    expect(report.runs).toBe(RUNS)
    // One at the end of each sequence, and those within.
    expect(report.operations.remount?.accepted).toBeGreaterThan(RUNS / 2)
    expect(report.operations.write?.accepted).toBeGreaterThan(RUNS)
    expect(report.operations.rename?.accepted).toBeGreaterThan(RUNS / 2)
  },
  DEADLINE_MS + 20_000,
)
