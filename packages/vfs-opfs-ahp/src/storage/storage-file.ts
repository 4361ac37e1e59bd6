// One OPFS file with an open sync access handle: the only place that calls FileSystemSyncAccessHandle.
// It knows the file's size without asking (in Firefox getSize is a message to another process), whether
// something written is not yet flushed, and whether a flush has ever failed.

import { openAccessHandle, toVfsError, VfsError, withDeadline } from '@wasm-vfs/core/backend'
import type { Counters } from './counters.ts'
import { ReadAhead } from './read-ahead.ts'

export class StorageFile {
  readonly path: string
  readonly #handle: FileSystemSyncAccessHandle
  readonly #counters: Counters
  readonly #ahead = new ReadAhead()
  #size: number
  #unflushed = false
  // A failed flush is final: the kernel may have dropped the dirty pages and marked them clean, so a
  // flush that succeeds afterwards would lie about them. Only a reopen, which reads what is really
  // there, starts anew.
  #failed: VfsError | undefined

  private constructor(path: string, handle: FileSystemSyncAccessHandle, counters: Counters) {
    this.path = path
    this.#handle = handle
    this.#counters = counters
    this.#size = handle.getSize()
    counters.handles++
  }

  /**
   * Opens, and with `create` makes, `name` in `directory`. Throws VfsError: EBUSY if someone else holds a handle,
   * ETIMEDOUT if the browser does not answer, EIO where it gives no more handles.
   */
  static async open(
    directory: FileSystemDirectoryHandle,
    name: string,
    { create, counters }: { create: boolean; counters: Counters },
  ): Promise<StorageFile> {
    const path = `${directory.name}/${name}`
    const deadline = { operation: 'open', call: 'getFileHandle', path }
    let handle: FileSystemSyncAccessHandle | undefined
    try {
      const file = await withDeadline(directory.getFileHandle(name, { create }), deadline)
      handle = await openAccessHandle(file, { path })
      return new StorageFile(path, handle, counters)
    } catch (thrown) {
      // Left open it would lock the file until the worker dies.
      handle?.close()
      throw toVfsError(thrown, 'open', { path })
    }
  }

  /** Bytes of the file as it is in the browser's hands. */
  get size(): number {
    return this.#size
  }

  /** Something was handed down since the last flush. */
  get unflushed(): boolean {
    return this.#unflushed
  }

  /** Fills `into` from `at`; what lies beyond the end reads as zeros. */
  read(into: Uint8Array, at: number): void {
    if (this.#ahead.take(into, at)) return
    const room = this.#ahead.room(at, into.length, this.#size)
    if (room === undefined) {
      const available = Math.min(into.length, Math.max(this.#size - at, 0))
      if (available > 0) this.#readWhole(into.subarray(0, available), at)
      into.fill(0, available)
      return
    }
    this.#readWhole(room, at)
    this.#ahead.filled(at, room.length)
    this.#ahead.take(into, at)
  }

  /** Fills all of `into`, which lies within the file. */
  #readWhole(into: Uint8Array, at: number): void {
    this.#counters.reads++
    let done = 0
    try {
      done = this.#handle.read(into, { at })
    } catch (thrown) {
      throw toVfsError(thrown, 'read', { detail: `reading ${this.path} failed` })
    }
    this.#counters.bytesRead += done
    // A file that is shorter than it was written, or a read that stops early, is damage: handing out
    // zeros for it would corrupt silently.
    if (done < into.length) {
      throw new VfsError('EIO', 'read', {
        detail: `${this.path} gave ${done} bytes at ${at}, ${into.length} were asked for and it has ${this.#size}`,
      })
    }
  }

  write(from: Uint8Array, at: number): void {
    this.checkSound()
    this.#ahead.changed(at, at + from.length)
    this.#counters.writes++
    let done = 0
    try {
      done = this.#handle.write(from, { at })
    } catch (thrown) {
      this.#unflushed = true
      throw toVfsError(thrown, 'write', { detail: `writing ${this.path} failed` })
    }
    this.#unflushed = true
    this.#counters.bytesWritten += done
    this.#size = Math.max(this.#size, at + done)
    if (done < from.length) {
      throw new VfsError('ENOSPC', 'write', {
        detail: `${this.path} took ${done} of ${from.length} bytes`,
      })
    }
  }

  truncate(size: number): void {
    this.checkSound()
    if (size === this.#size) return
    this.#ahead.forget()
    this.#counters.truncates++
    try {
      this.#handle.truncate(size)
    } catch (thrown) {
      throw resizeError(thrown, this, size)
    }
    this.#unflushed = true
    this.#size = size
  }

  /** Everything handed down is on storage when this returns; free if nothing was. */
  flush(): void {
    this.checkSound()
    if (!this.#unflushed) return
    this.flushAlways()
  }

  /** Also what a previous owner of the file handed down and did not flush. */
  flushAlways(): void {
    this.checkSound()
    this.#counters.flushes++
    try {
      this.#handle.flush()
    } catch (thrown) {
      this.#failed = toVfsError(thrown, 'fsync', {
        detail: `flushing ${this.path} failed, so what was written to it may be lost; reopen the store`,
      })
      throw this.#failed
    }
    this.#unflushed = false
  }

  /** Throws EIO if a flush has ever failed. */
  checkSound(): void {
    if (this.#failed === undefined) return
    throw new VfsError('EIO', this.#failed.operation, {
      detail: `an earlier flush of ${this.path} failed; reopen the store`,
      cause: this.#failed,
    })
  }

  close(): void {
    this.#counters.handles--
    this.#handle.close()
  }
}

/** A browser that will not make a file longer has no room for it, whatever it calls that (Firefox: NS_ERROR_FAILURE). */
function resizeError(thrown: unknown, file: StorageFile, size: number): VfsError {
  const detail = `resizing ${file.path} from ${file.size} to ${size} bytes failed`
  const error = toVfsError(thrown, 'truncate', { detail })
  if (error.code !== 'EIO' || size < file.size) return error
  return new VfsError('ENOSPC', 'truncate', { detail, cause: thrown })
}
