// What a behaviour of the glue is, and the small tools the lists in behaviours/ share. A behaviour runs
// in the FS of every module in modules.ts, on a Vfs of its own, mounted for it.

import { expect } from 'vitest'
import type { ErrnoCode, Vfs } from '../../src/contract/index.ts'
import { ERRNO } from '../../src/contract/index.ts'
import type { FSStream } from '../../src/emscripten/fs.ts'
import type { Instrumented } from './instrumented.ts'
import type { TestFS } from './test-fs.ts'

export interface BehaviourModule {
  readonly FS: TestFS
  /** The heap as it is now: growing memory replaces it. */
  heap(): Uint8Array
}

export interface BehaviourContext {
  readonly FS: TestFS
  readonly module: BehaviourModule
  /** The mounted Vfs, seen through `instrumented`. */
  readonly vfs: Vfs
  readonly instrumented: Instrumented
  /** Where it is mounted. */
  readonly root: string
  /** Errors the mount's observer was told. */
  readonly observed: Error[]
  /** Mounts another empty Vfs and returns where; unmounted afterwards. */
  mountAnother(): Promise<string>
}

export interface Behaviour {
  readonly name: string
  /** Absent where the release has no such call. */
  readonly needs?: (FS: TestFS) => boolean
  run(context: BehaviourContext): void | Promise<void>
}

// <fcntl.h> in Emscripten's musl.
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  DSYNC: 0o10000,
  DIRECTORY: 0o200000,
  SYNC: 0o4010000,
} as const

export const SEEK = { SET: 0, CUR: 1, END: 2 } as const

const utf8 = new TextEncoder()
const decoder = new TextDecoder()

export const bytes = (text: string): Uint8Array => utf8.encode(text)
export const text = (data: Uint8Array): string => decoder.decode(data)

/** Runs what must fail with this errno, as an ErrnoError of the module; returns that error. */
export function expectErrno(
  FS: TestFS,
  code: ErrnoCode,
  run: () => unknown,
): Error & { errno: number } {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(FS.ErrnoError)
    const errno = error as Error & { errno: number }
    expect(errno.errno, `expected ${code}`).toBe(ERRNO[code])
    return errno
  }
  throw new Error(`expected ${code}, but nothing was thrown`)
}

export function openFiles(FS: TestFS): number {
  return FS.streams.filter((stream) => stream != null).length
}

/** As dup(2): the streams share position and flags. */
export function duplicate(FS: TestFS, stream: FSStream): FSStream {
  return FS.dupStream === undefined ? FS.createStream(stream) : FS.dupStream(stream)
}

/** The size of an open file, whether it still has a name or not. */
export function sizeOf(stream: FSStream): number {
  return stream.node.node_ops.getattr(stream.node).size
}
