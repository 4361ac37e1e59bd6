// What the file-level workloads drive: files by path, as a program sees them. Ours behind the Vfs
// contract and other file systems alike. A call answers at once or by a promise, whichever the file
// system does; who times it awaits only promises.

import {
  walk,
  walkToParent,
  type Durability,
  type Ino,
  type Vfs,
  type VfsCounters,
} from '@wasm-vfs/core'

export type Maybe<T> = T | Promise<T>

export interface OpenFile {
  /** As many bytes as there are from `at`; returns how many. */
  read(into: Uint8Array, at: number): Maybe<number>
  write(from: Uint8Array, at: number): Maybe<unknown>
  truncate(size: number): Maybe<void>
  /** Makes the file's bytes as durable as the column says. */
  fsync(): Maybe<void>
  close(): Maybe<void>
}

export interface Files {
  mkdir(path: string): Maybe<unknown>
  /** Makes an empty file. */
  create(path: string): Maybe<OpenFile>
  open(path: string): Maybe<OpenFile>
  /** The size of a file. */
  stat(path: string): Maybe<number>
  rename(from: string, to: string): Maybe<void>
  unlink(path: string): Maybe<void>
  /** Makes everything as durable as the column says. */
  sync(): Promise<void>
  /** Lets go of the store. */
  close(): Promise<void>
  stats?(): VfsCounters
}

export type FilesOpener = (store: string, durability: Durability) => Promise<Files>

const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755

/** Our file systems, driven through the contract alone. */
export class VfsFiles implements Files {
  readonly vfs: Vfs

  constructor(vfs: Vfs) {
    this.vfs = vfs
  }

  mkdir(path: string): void {
    const { parent, name } = walkToParent(this.vfs, path)
    this.vfs.mkdir(parent, name, DIRECTORY_MODE)
  }

  create(path: string): OpenFile {
    const { parent, name } = walkToParent(this.vfs, path)
    return new VfsFile(this.vfs, this.vfs.create(parent, name, FILE_MODE))
  }

  open(path: string): OpenFile {
    return new VfsFile(this.vfs, walk(this.vfs, path))
  }

  stat(path: string): number {
    return this.vfs.getattr(walk(this.vfs, path)).size
  }

  rename(from: string, to: string): void {
    const source = walkToParent(this.vfs, from)
    const target = walkToParent(this.vfs, to)
    this.vfs.rename(source.parent, source.name, target.parent, target.name)
  }

  unlink(path: string): void {
    const { parent, name } = walkToParent(this.vfs, path)
    this.vfs.unlink(parent, name)
  }

  sync(): Promise<void> {
    return this.vfs.sync()
  }

  close(): Promise<void> {
    return this.vfs.close()
  }

  stats(): VfsCounters {
    return this.vfs.stats()
  }
}

class VfsFile implements OpenFile {
  readonly #vfs: Vfs
  readonly #ino: Ino

  constructor(vfs: Vfs, ino: Ino) {
    this.#vfs = vfs
    this.#ino = ino
    vfs.acquire(ino)
  }

  read(into: Uint8Array, at: number): number {
    return this.#vfs.read(this.#ino, into, at)
  }

  write(from: Uint8Array, at: number): number {
    return this.#vfs.write(this.#ino, from, at)
  }

  truncate(size: number): void {
    this.#vfs.truncate(this.#ino, size)
  }

  /** Where fsync cannot make durable, only a sync does. */
  fsync(): Maybe<void> {
    return this.#vfs.capabilities.synchronousFsync ? this.#vfs.fsync(this.#ino) : this.#vfs.sync()
  }

  close(): void {
    this.#vfs.release(this.#ino)
  }
}
