// A simulated OPFS (`@wasm-vfs/core/testing/simulated-opfs`): the real interfaces over a disk that can
// be asked what a crash would leave of it. For crash and fault tests of backends, in Node or anywhere.

export type { Call, CallKind, Fault, Watcher } from './calls.ts'
export { readContent, type Change, type Content } from './content.ts'
export type { DirectoryImage, FileImage, NameEvent, NodeImage } from './disk.ts'
export { fingerprint } from './fingerprint.ts'
export { PowerLoss, selections, type PowerLossOptions } from './power-loss.ts'
export { SeededRandom } from './random.ts'
export { silence } from './silence.ts'
export { SECTOR_SIZE, type Sector, type Sectors } from './sector-table.ts'
export { chromiumCapacity, SimulatedOpfs, type SimulatedOpfsOptions } from './simulated-opfs.ts'
