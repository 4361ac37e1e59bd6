// The public face of @wasm-vfs/core: the contract and the in-memory backend.

export * from './contract/index.ts'
export { openMemory } from './memory/index.ts'
