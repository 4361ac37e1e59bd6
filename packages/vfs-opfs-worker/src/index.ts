// The public face of @wasm-vfs/opfs-worker.

export { deleteOpfsWorker } from './delete.ts'
export { openOpfsWorker } from './open.ts'
export type { OpfsWorkerOptions } from './options.ts'
export type { IoWorkerSupply } from './client/supply.ts'
export { supplyIoWorkers } from './client/worker-supply.ts'
