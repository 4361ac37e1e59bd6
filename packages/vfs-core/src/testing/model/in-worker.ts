// The model tests in a dedicated worker, as `../in-worker.ts` for the conformance suite.

import type { ConformanceTarget } from '../case.ts'
import { serveTasks, TaskWorker } from '../rpc.ts'
import { runModel, type ModelOptions, type ModelReport } from './run.ts'

const TASK = 'model run'
const ANSWER_MARGIN_MS = 10_000

/** The worker's side. */
export function serveModel(target: ConformanceTarget): void {
  serveTasks({ [TASK]: (options: ModelOptions) => runModel(target, options) })
}

/** The page's side: as `runModel`, in a worker of its own that is terminated at the end. */
export async function runModelInWorker(
  makeWorker: () => Worker,
  options: ModelOptions & { readonly deadlineMs: number },
): Promise<ModelReport> {
  const worker = new TaskWorker(makeWorker)
  try {
    const report = await worker.call(TASK, options, options.deadlineMs + ANSWER_MARGIN_MS)
    return report as ModelReport
  } finally {
    worker.terminate()
  }
}
