// How much space a store may use (`@wasm-vfs/core/testing/space`): random sequences of operations, the bytes
// that are live after each, and the bound on what the store's files may have.

export { LiveBytes, slotSize } from './live-bytes.ts'
export { runSpace, type SpacePort, type SpaceReport } from './run.ts'
