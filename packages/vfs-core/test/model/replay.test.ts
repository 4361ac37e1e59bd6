// The model tests on the engine with replayed metadata: remounts by the thousand.

import { runModel } from '@wasm-vfs/core/testing/model'
import { expect, it } from 'vitest'
import { channelTarget, logTarget, transactionTarget } from '../conformance/replay.target.ts'

const RUNS = Number(process.env['MODEL_RUNS'] ?? 300)
const SEED = process.env['MODEL_SEED']

for (const target of [logTarget, transactionTarget, channelTarget]) {
  it(`${target.name}: does what the model does, in ${RUNS} random sequences with remounts`, async () => {
    const seed = SEED === undefined ? {} : { seed: Number(SEED) }
    const report = await runModel(target, { runs: RUNS, ...seed })
    expect(report.runs).toBe(RUNS)
    expect(report.operations.remount?.accepted).toBeGreaterThan(RUNS / 2)
  }, 600_000)
}
