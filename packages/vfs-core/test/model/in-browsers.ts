// The model tests of a backend that keeps files in OPFS, remounts included, in a worker of each browser.
// To explore further than a build does:
//   VITE_MODEL_RUNS=1000 VITE_MODEL_SEED=7 pnpm vitest run --project chromium packages/vfs-opfs-ahp/test/model

import { runModelInWorker } from '@wasm-vfs/core/testing/model'
import { expect, it } from 'vitest'

const env = (import.meta as unknown as { readonly env: Readonly<Record<string, string>> }).env
const RUNS = Number(env['VITE_MODEL_RUNS'] ?? 25)
const SEED = env['VITE_MODEL_SEED']
/** Many times what a run takes on a busy machine. */
const DEADLINE_MS = 60_000 + RUNS * 3000

/** `makeWorker` gets the name of the target and makes a worker that serves its model run. */
export function defineModelTests(
  targets: readonly { readonly name: string }[],
  makeWorker: (name: string) => Worker,
): void {
  it.each(targets)(
    `$name: does what the model does, in ${RUNS} random sequences with remounts`,
    async ({ name }) => {
      const report = await runModelInWorker(() => makeWorker(name), {
        runs: RUNS,
        operationsMax: 80,
        compareEvery: 5,
        deadlineMs: DEADLINE_MS,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
      })
      expect(report.runs).toBe(RUNS)
      // One at the end of each sequence is not counted, so these lie within.
      expect(report.operations.remount?.accepted).toBeGreaterThan(RUNS / 2)
      expect(report.operations.write?.accepted).toBeGreaterThan(RUNS)
      expect(report.operations.rename?.accepted).toBeGreaterThan(RUNS / 2)
    },
    DEADLINE_MS + 20_000,
  )
}
