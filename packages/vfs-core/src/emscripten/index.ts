// Mounts a Vfs in a module compiled with Emscripten (`@wasm-vfs/core/emscripten`). Knows Emscripten's
// FS and the contract, and no backend.

export { createFileSystemType, mount, type MountOptions } from './mount.ts'
export type { EmscriptenFS, FileSystemType } from './fs.ts'
