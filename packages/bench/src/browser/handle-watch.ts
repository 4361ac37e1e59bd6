// Counts the distinct files that sync access handles of this worker write to, whoever opened them, so
// that flushes can be held against files dirtied with any backend. Installed by life.ts for the
// workloads that ask for it, before the store is opened; costs a map access per call.

export class HandleWatch {
  readonly #isOwn: (file: string) => boolean
  readonly #names = new WeakMap<FileSystemSyncAccessHandle, string>()
  /** Files with bytes that no flush followed. */
  readonly #unflushed = new Set<string>()
  readonly #sinceMark = new Set<string>()
  #opened = false

  /** `isOwn` tells a backend's own log from the files that hold content: it is not counted. */
  constructor(isOwn: (file: string) => boolean) {
    this.#isOwn = isOwn
  }

  /** For the life of the worker; nothing to watch where there are no access handles. */
  install(): void {
    if (typeof FileSystemSyncAccessHandle === 'undefined') return
    const opened = (handle: FileSystemSyncAccessHandle, name: string): void => {
      this.#opened = true
      this.#names.set(handle, name)
    }
    const changed = (handle: FileSystemSyncAccessHandle): void => {
      this.changed(this.#names.get(handle))
    }
    const flushed = (handle: FileSystemSyncAccessHandle): void => {
      this.flushed(this.#names.get(handle))
    }
    const files = FileSystemFileHandle.prototype
    const { createSyncAccessHandle } = files
    files.createSyncAccessHandle = async function (this: FileSystemFileHandle, ...args) {
      const handle = await createSyncAccessHandle.apply(this, args)
      opened(handle, this.name)
      return handle
    }
    const handles = FileSystemSyncAccessHandle.prototype
    const { write, truncate, flush } = handles
    handles.write = function (this: FileSystemSyncAccessHandle, ...args) {
      changed(this)
      return write.apply(this, args)
    }
    handles.truncate = function (this: FileSystemSyncAccessHandle, ...args) {
      changed(this)
      truncate.apply(this, args)
    }
    handles.flush = function (this: FileSystemSyncAccessHandle) {
      flush.apply(this)
      flushed(this)
    }
  }

  changed(file: string | undefined): void {
    if (file === undefined || this.#isOwn(file)) return
    this.#unflushed.add(file)
    this.#sinceMark.add(file)
  }

  flushed(file: string | undefined): void {
    if (file !== undefined) this.#unflushed.delete(file)
  }

  /** Counting begins: with the files that are still to be flushed. */
  mark(): void {
    this.#sinceMark.clear()
    for (const file of this.#unflushed) this.#sinceMark.add(file)
  }

  /** Undefined if no handle was opened in this worker: those of another cannot be watched. */
  dirtiedSinceMark(): number | undefined {
    return this.#opened ? this.#sinceMark.size : undefined
  }
}
