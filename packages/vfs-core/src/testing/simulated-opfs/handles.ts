// FileSystemDirectoryHandle, FileSystemFileHandle and FileSystemSyncAccessHandle over a simulated disk.
// They do what the File System Standard says and Chromium and Firefox agree on; the shared test in
// test/simulated-opfs holds them to it. Not simulated: createWritable, File snapshots of open files.

import type { CallKind } from './calls.ts'
import { DirectoryNode, FileNode, type Node } from './disk.ts'
import type { SimulatedOpfs } from './simulated-opfs.ts'

type AnyHandle = FileSystemDirectoryHandle | FileSystemFileHandle

function fail(name: string, message: string): DOMException {
  return new DOMException(message, name)
}

function checkName(name: string): void {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\]/.test(name)) return
  throw new TypeError(`'${name}' cannot be the name of a file or directory`)
}

/** A file, or any file below a directory, has an open handle. */
function isLocked(node: Node): boolean {
  if (node.kind === 'file') return node.locked
  return [...node.entries.values()].some((each) => isLocked(each))
}

export class SimulatedDirectoryHandle implements FileSystemDirectoryHandle {
  readonly kind = 'directory'
  readonly name: string
  readonly node: DirectoryNode
  readonly #opfs: SimulatedOpfs
  readonly #path: string

  constructor(opfs: SimulatedOpfs, node: DirectoryNode, path: string) {
    this.#opfs = opfs
    this.#path = path
    this.node = node
    this.name = path.slice(path.lastIndexOf('/') + 1)
  }

  async getFileHandle(
    name: string,
    options: FileSystemGetFileOptions = {},
  ): Promise<FileSystemFileHandle> {
    const node = this.#get(name, 'getFileHandle', options.create ?? false, () => new FileNode())
    if (node.kind !== 'file') throw fail('TypeMismatchError', `'${name}' is a directory`)
    return new SimulatedFileHandle(this.#opfs, node, this.node, this.#pathOf(name))
  }

  async getDirectoryHandle(
    name: string,
    options: FileSystemGetDirectoryOptions = {},
  ): Promise<FileSystemDirectoryHandle> {
    const create = options.create ?? false
    const node = this.#get(name, 'getDirectoryHandle', create, () => new DirectoryNode())
    if (node.kind !== 'directory') throw fail('TypeMismatchError', `'${name}' is a file`)
    return new SimulatedDirectoryHandle(this.#opfs, node, this.#pathOf(name))
  }

  async removeEntry(name: string, options: FileSystemRemoveOptions = {}): Promise<void> {
    checkName(name)
    const call = { kind: 'removeEntry', path: this.#pathOf(name) } as const
    this.#opfs.begin(call)
    const node = this.node.entries.get(name)
    if (node === undefined) throw fail('NotFoundError', `there is no '${name}'`)
    if (node.kind === 'directory' && node.entries.size > 0 && options.recursive !== true) {
      throw fail('InvalidModificationError', `'${name}' is not empty`)
    }
    if (isLocked(node)) throw fail('NoModificationAllowedError', `'${name}' is open`)
    this.node.set(name, undefined, this.#opfs.now())
    this.#opfs.changed(call)
  }

  async resolve(possibleDescendant: FileSystemHandle): Promise<string[] | null> {
    const { node } = possibleDescendant as SimulatedDirectoryHandle | SimulatedFileHandle
    return pathTo(this.node, node)
  }

  async isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return (other as SimulatedDirectoryHandle).node === this.node
  }

  async *entries(): FileSystemDirectoryHandleAsyncIterator<[string, AnyHandle]> {
    this.#opfs.begin({ kind: 'list', path: this.#path })
    for (const [name, node] of Array.from(this.node.entries)) {
      const path = this.#pathOf(name)
      if (node.kind === 'file') {
        yield [name, new SimulatedFileHandle(this.#opfs, node, this.node, path)]
      } else {
        yield [name, new SimulatedDirectoryHandle(this.#opfs, node, path)]
      }
    }
  }

  async *keys(): FileSystemDirectoryHandleAsyncIterator<string> {
    for await (const [name] of this.entries()) yield name
  }

  async *values(): FileSystemDirectoryHandleAsyncIterator<AnyHandle> {
    for await (const [, handle] of this.entries()) yield handle
  }

  [Symbol.asyncIterator](): FileSystemDirectoryHandleAsyncIterator<[string, AnyHandle]> {
    return this.entries()
  }

  #get(name: string, kind: CallKind, create: boolean, make: () => Node): Node {
    checkName(name)
    const call = { kind, path: this.#pathOf(name) }
    this.#opfs.begin(call)
    const found = this.node.entries.get(name)
    if (found !== undefined) return found
    if (!create) throw fail('NotFoundError', `there is no '${name}'`)
    const node = make()
    this.node.set(name, node, this.#opfs.now())
    this.#opfs.changed(call)
    return node
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}/${name}`
  }
}

function pathTo(directory: DirectoryNode, target: Node): string[] | null {
  if (directory === target) return []
  for (const [name, node] of directory.entries) {
    if (node === target) return [name]
    const rest = node.kind === 'directory' ? pathTo(node, target) : null
    if (rest !== null) return [name, ...rest]
  }
  return null
}

export class SimulatedFileHandle implements FileSystemFileHandle {
  readonly kind = 'file'
  readonly node: FileNode
  readonly #opfs: SimulatedOpfs
  #parent: DirectoryNode
  #path: string

  constructor(opfs: SimulatedOpfs, node: FileNode, parent: DirectoryNode, path: string) {
    this.#opfs = opfs
    this.node = node
    this.#parent = parent
    this.#path = path
  }

  get name(): string {
    return this.#path.slice(this.#path.lastIndexOf('/') + 1)
  }

  async getFile(): Promise<File> {
    this.#opfs.begin({ kind: 'getFile', path: this.#path })
    this.#checkThere()
    const bytes = new Uint8Array(this.node.live.size)
    this.node.read(bytes, 0)
    return new File([bytes], this.name, { lastModified: this.node.modified })
  }

  async createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle> {
    this.#opfs.begin({ kind: 'createSyncAccessHandle', path: this.#path })
    this.#checkThere()
    if (this.node.locked) throw fail('NoModificationAllowedError', `'${this.name}' is open`)
    this.node.locked = true
    this.node.opened()
    return new SimulatedSyncAccessHandle(this.#opfs, this.node, this.#path)
  }

  createWritable(): Promise<FileSystemWritableFileStream> {
    return Promise.reject(fail('NotSupportedError', 'createWritable is not simulated'))
  }

  async isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return (other as SimulatedFileHandle).node === this.node
  }

  /** `move(name)`, `move(directory)` or `move(directory, name)`; replaces a file that is in the way. */
  async move(target: string | SimulatedDirectoryHandle, newName?: string): Promise<void> {
    const name = typeof target === 'string' ? target : (newName ?? this.name)
    const parent = typeof target === 'string' ? this.#parent : target.node
    checkName(name)
    const call = { kind: 'move', path: this.#path } as const
    this.#opfs.begin(call)
    this.#checkThere()
    const replaced = parent.entries.get(name)
    if (replaced === this.node) return
    if (replaced?.kind === 'directory') throw fail('InvalidModificationError', `'${name}' exists`)
    if (this.node.locked || replaced?.locked === true) {
      throw fail('NoModificationAllowedError', `'${this.name}' or '${name}' is open`)
    }
    const time = this.#opfs.now()
    this.#parent.set(this.name, undefined, time)
    parent.set(name, this.node, time)
    const folder = typeof target === 'string' ? this.#folder() : undefined
    this.#parent = parent
    this.#path = folder === undefined ? name : `${folder}${name}`
    this.#opfs.changed(call)
  }

  #folder(): string {
    return this.#path.slice(0, this.#path.lastIndexOf('/') + 1)
  }

  #checkThere(): void {
    if (this.#parent.entries.get(this.name) === this.node) return
    throw fail('NotFoundError', `'${this.name}' was removed`)
  }
}

export class SimulatedSyncAccessHandle implements FileSystemSyncAccessHandle {
  readonly mode = 'readwrite'
  readonly #opfs: SimulatedOpfs
  readonly #node: FileNode
  readonly #path: string
  #cursor = 0
  #closed = false

  constructor(opfs: SimulatedOpfs, node: FileNode, path: string) {
    this.#opfs = opfs
    this.#node = node
    this.#path = path
  }

  getSize(): number {
    this.#checkOpen()
    this.#opfs.begin({ kind: 'getSize', path: this.#path })
    return this.#node.live.size
  }

  read(buffer: AllowSharedBufferSource, options: FileSystemReadWriteOptions = {}): number {
    this.#checkOpen()
    let into = viewOf(buffer)
    const at = Math.min(this.#position(options), this.#node.live.size)
    const call = { kind: 'read', path: this.#path, at, length: into.length } as const
    const fault = this.#opfs.begin(call)
    if (fault !== undefined && 'takes' in fault) into = into.subarray(0, fault.takes)
    const done = this.#node.read(into, at)
    this.#cursor = at + done
    return done
  }

  write(buffer: AllowSharedBufferSource, options: FileSystemReadWriteOptions = {}): number {
    this.#checkOpen()
    let from = viewOf(buffer)
    const at = this.#position(options)
    const call = { kind: 'write', path: this.#path, at, length: from.length } as const
    const fault = this.#opfs.begin(call)
    if (fault !== undefined && 'takes' in fault) from = from.subarray(0, fault.takes)
    this.#hold(at + from.length, 'write')
    this.#node.write(from, at)
    this.#cursor = at + from.length
    this.#opfs.changed(call)
    return from.length
  }

  truncate(size: number): void {
    this.#checkOpen()
    checkOffset(size)
    const call = { kind: 'truncate', path: this.#path, length: size } as const
    this.#opfs.begin(call)
    this.#hold(size, 'truncate')
    this.#node.truncate(size)
    this.#cursor = Math.min(this.#cursor, size)
    this.#opfs.changed(call)
  }

  flush(): void {
    this.#checkOpen()
    const call = { kind: 'flush', path: this.#path } as const
    const fault = this.#opfs.begin(call)
    if (fault !== undefined && 'losesChanges' in fault) {
      this.#node.loseChanges()
      this.#opfs.changed(call)
      throw fail('InvalidStateError', `flushing ${this.#path} was made to fail`)
    }
    this.#node.flush()
    this.#opfs.changed(call)
  }

  close(): void {
    if (this.#closed) return
    this.#opfs.begin({ kind: 'close', path: this.#path })
    this.#closed = true
    this.#node.locked = false
    this.#node.held = this.#node.live.size
  }

  #hold(size: number, kind: CallKind): void {
    if (size <= this.#node.held) return
    const wanted = this.#opfs.capacityFor(size)
    this.#opfs.checkQuota(wanted - this.#node.held, kind)
    this.#node.held = wanted
  }

  #checkOpen(): void {
    if (this.#closed) throw fail('InvalidStateError', `the handle of ${this.#path} is closed`)
  }

  #position(options: FileSystemReadWriteOptions): number {
    if (options.at === undefined) return this.#cursor
    checkOffset(options.at)
    return options.at
  }
}

/** WebIDL's conversion to `[EnforceRange] unsigned long long`. */
function checkOffset(value: number): void {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return
  throw new TypeError(`${value} is outside the range of a file offset`)
}

function viewOf(buffer: AllowSharedBufferSource): Uint8Array {
  if (ArrayBuffer.isView(buffer)) {
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  }
  return new Uint8Array(buffer)
}
