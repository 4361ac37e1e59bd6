// Model tests (`@wasm-vfs/core/testing/model`): random operations on a backend and on a plain model of
// POSIX. They need fast-check, an optional peer dependency that only this entry imports.

export { type Operation, type OperationKind } from './operations.ts'
export {
  runModel,
  runSequence,
  type ModelOptions,
  type ModelReport,
  type OperationCount,
} from './run.ts'
export { runModelInWorker, serveModel } from './in-worker.ts'
