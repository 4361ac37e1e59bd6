// mmap by copying: a WebAssembly memory has one backing, so a mapping is heap memory filled from the
// file, and written back by msync. Allocating it needs `mmapAlloc`, which most modules do not export;
// MEMFS can reach it, so its mmap does the copying, from a stand-in for a file of its own.

import { S_IFREG, VfsError } from '../contract/index.ts'
import type { FSInternals, Mapping, MemoryMapper } from './fs.ts'

/** <sys/mman.h>: a private mapping, which MEMFS never places inside its own file's memory. */
const MAP_PRIVATE = 2

/** Heap memory that holds `bytes`. ENODEV without MEMFS, ENOMEM (as FS's own error) without space. */
export function mapCopy(
  FS: FSInternals,
  bytes: Uint8Array,
  protection: number,
  flags: number,
): Mapping {
  const mapper = memoryMapper(FS)
  if (mapper === undefined) {
    throw new VfsError('ENODEV', 'mmap', {
      detail: 'this module was linked without MEMFS, which the mapping is copied with',
    })
  }
  const file = { mode: S_IFREG | 0o600, contents: bytes, usedBytes: bytes.length }
  return mapper.stream_ops.mmap({ node: file }, bytes.length, 0, protection, flags | MAP_PRIVATE)
}

/** The root of the tree is MEMFS; `FS.filesystems`, which names it, is gone from recent releases. */
function memoryMapper(FS: FSInternals): MemoryMapper | undefined {
  const type = FS.root?.mount.type as Partial<MemoryMapper> | undefined
  return typeof type?.stream_ops?.mmap === 'function' ? (type as MemoryMapper) : undefined
}
