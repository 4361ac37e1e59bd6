// The conformance suite of @wasm-vfs (`@wasm-vfs/core/testing`): what every backend must do, as cases
// that any test framework can run. The model tests are apart (`@wasm-vfs/core/testing/model`), because
// they need fast-check.

export { ConformanceFailure } from './assert.ts'
export {
  type CaseDefinition,
  type ConformanceCase,
  type ConformanceContext,
  type ConformanceTarget,
  type Requirement,
} from './case.ts'
export { requirements } from './conformance/index.ts'
export { defineConformance, summaryOf, type TestFramework } from './define.ts'
export { defineConformanceInWorker, serveConformance } from './in-worker.ts'
export { serveTasks, TaskWorker, type Tasks } from './rpc.ts'
export { planConformance, runCase, type ConformancePlan, type GatedCase } from './run.ts'
