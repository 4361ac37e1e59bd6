// The conformance suite in a dedicated worker, where sync access handles and blocking waits live: the
// page registers one test per case, the worker runs each.
//
//   conformance.worker.ts        serveConformance(target)
//   conformance.browser.test.ts  defineConformanceInWorker({ describe, it }, target, () => new Worker(
//                                  new URL('./conformance.worker.ts', import.meta.url),
//                                  { type: 'module' }))

import type { ConformanceTarget } from './case.ts'
import { defineCases, type TestFramework } from './define.ts'
import { serveTasks, TaskWorker } from './rpc.ts'
import { CASE_DEADLINE_MS, findCase, runCase } from './run.ts'

const TASK = 'conformance case'

interface CaseReference {
  readonly requirement: string
  readonly name: string
}

/** The worker's side. */
export function serveConformance(target: ConformanceTarget): void {
  serveTasks({
    [TASK]: ({ requirement, name }: CaseReference) => runCase(target, findCase(requirement, name)),
  })
}

/** The page's side. `target` is only asked for its name and capabilities. */
export function defineConformanceInWorker(
  framework: TestFramework,
  target: Pick<ConformanceTarget, 'name' | 'capabilities'>,
  makeWorker: () => Worker,
): void {
  const worker = new TaskWorker(makeWorker)
  defineCases(
    framework,
    { ...target, name: `${target.name} in a worker` },
    async ({ requirement, name, deadlineMs = CASE_DEADLINE_MS }) => {
      const reference: CaseReference = { requirement, name }
      // The case has its deadline there, and so has its clean-up; this one is for a stuck worker.
      await worker.call(TASK, reference, 2 * deadlineMs + 2000)
    },
    () => worker.terminate(),
  )
}
