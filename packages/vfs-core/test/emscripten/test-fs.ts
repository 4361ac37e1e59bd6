// The parts of a module's FS that tests call, as a program's own JavaScript would.

import type { EmscriptenFS, FSNode, FSStream, Stat, StatFs } from '../../src/emscripten/fs.ts'

export interface TestFS extends EmscriptenFS {
  readonly streams: (FSStream | null | undefined)[]
  readonly root: FSNode
  readonly nameTable: readonly (FSNode | undefined)[]
  readonly ErrnoError: new (errno: number) => Error & { errno: number }
  readonly dupStream?: (stream: FSStream, fd?: number) => FSStream
  createStream(stream: FSStream, fd?: number): FSStream
  lookupPath(path: string, options?: object): { node: FSNode }
  mount(type: unknown, options: object, mountpoint: string): FSNode
  unmount(mountpoint: string): void
  mkdir(path: string, mode?: number): FSNode
  mkdirTree(path: string): void
  mkdev(path: string, mode: number, dev: number): FSNode
  mknod(path: string, mode: number, dev: number): FSNode
  open(path: string, flags: number | string, mode?: number): FSStream
  close(stream: FSStream): void
  read(stream: FSStream, buffer: unknown, offset: number, length: number, at?: number): number
  write(stream: FSStream, buffer: unknown, offset: number, length: number, at?: number): number
  llseek(stream: FSStream, offset: number, whence: number): number
  mmap(
    stream: FSStream,
    length: number,
    position: number,
    protection: number,
    flags: number,
  ): { ptr: number; allocated: boolean }
  msync(stream: FSStream, buffer: Uint8Array, offset: number, length: number, flags: number): number
  ioctl(stream: FSStream, request: number, argument: number): number
  allocate?: (stream: FSStream, offset: number, length: number) => void
  readFile(path: string, options: { encoding: 'utf8' }): string
  readFile(path: string): Uint8Array
  writeFile(path: string, data: string | Uint8Array, options?: object): void
  readdir(path: string): string[]
  chdir(path: string): void
  rename(from: string, to: string): void
  unlink(path: string): void
  rmdir(path: string): void
  symlink(target: string, path: string): FSNode
  readlink(path: string): string
  link?: (from: string, to: string, flags: number) => void
  stat(path: string): Stat
  lstat(path: string): Stat
  fstat?: (fd: number) => Stat
  statfs?: (path: string) => StatFs
  chmod(path: string, mode: number): void
  fchmod(fd: number, mode: number): void
  chown(path: string, uid: number, gid: number): void
  truncate(path: string, size: number): void
  ftruncate(fd: number, size: number): void
  utime(path: string, atime: number, mtime: number): void
  syncfs(populate: boolean, callback: (error: unknown) => void): void
  analyzePath(path: string): { exists: boolean }
}
