// One OPFS file with an open handle: the only place that calls a handle. It knows the file's size
// without asking (in Firefox getSize is a message to another process). What outlives the handle, whether
// something is not flushed and whether a flush has failed, is in its FlushState.

import { toVfsError, VfsError, type LogFile } from '@wasm-vfs/core/backend'
import type { AccessHandle } from './access.ts'
import type { Counters } from './counters.ts'

/** Of a file, whether or not a handle of it is open: closing one flushes nothing. */
export class FlushState {
  unflushed = false
  // A failed flush is final: the kernel may have dropped the dirty pages and marked them clean, so a
  // flush that succeeds afterwards would lie about them. Only reopening the store starts anew.
  #failed: VfsError | undefined

  /** Throws EIO if a flush has ever failed, or the file could not be cut to its size. */
  checkSound(): void {
    if (this.#failed === undefined) return
    throw new VfsError('EIO', this.#failed.operation, {
      detail: 'an earlier flush or cut of this file failed; reopen the store',
      cause: this.#failed,
    })
  }

  fail(error: VfsError): void {
    this.#failed = error
  }
}

export class OpenFile implements LogFile {
  readonly path: string
  #handle: AccessHandle
  readonly #state: FlushState
  readonly #counters: Counters
  #size: number

  /** Takes the handle over. */
  constructor(path: string, handle: AccessHandle, state: FlushState, counters: Counters) {
    this.path = path
    this.#handle = handle
    this.#state = state
    this.#counters = counters
    try {
      this.#size = handle.getSize()
    } catch (thrown) {
      // Left open it would lock the file until the worker dies.
      handle.close()
      throw toVfsError(thrown, 'open', { path })
    }
    counters.handles++
  }

  /** Bytes of the file as it is in the browser's hands. */
  get size(): number {
    return this.#size
  }

  /** Fills `into` from `at`; what lies beyond the end reads as zeros. */
  read(into: Uint8Array, at: number): void {
    let done = 0
    if (at < this.#size) {
      this.#counters.reads++
      try {
        done = this.#handle.read(into, { at })
      } catch (thrown) {
        throw toVfsError(thrown, 'read', { detail: `reading ${this.path} failed` })
      }
      this.#counters.bytesRead += done
      // A read that stops early is damage: handing out zeros for the rest would corrupt silently.
      if (done < Math.min(into.length, this.#size - at)) {
        throw new VfsError('EIO', 'read', {
          detail: `${this.path} gave ${done} bytes at ${at}, ${into.length} were asked for and it has ${this.#size}`,
        })
      }
    }
    if (done < into.length) into.fill(0, done)
  }

  write(from: Uint8Array, at: number): void {
    this.checkSound()
    this.#counters.writes++
    this.#state.unflushed = true
    let done: number
    try {
      done = this.#handle.write(from, { at })
    } catch (thrown) {
      throw toVfsError(thrown, 'write', { detail: `writing ${this.path} failed` })
    }
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
    this.#counters.truncates++
    this.#state.unflushed = true
    try {
      this.#handle.truncate(size)
    } catch (thrown) {
      throw resizeError(thrown, this, size)
    }
    this.#size = size
  }

  flush(): void {
    this.checkSound()
    if (this.#state.unflushed) this.flushAlways()
  }

  flushAlways(): void {
    this.checkSound()
    this.#counters.flushes++
    try {
      this.#handle.flush()
    } catch (thrown) {
      const error = toVfsError(thrown, 'fsync', {
        detail: `flushing ${this.path} failed, so what was written to it may be lost; reopen the store`,
      })
      this.#state.fail(error)
      throw error
    }
    this.#state.unflushed = false
  }

  checkSound(): void {
    this.#state.checkSound()
  }

  /** In Chromium, what the file has given up is free for others only once its handle is closed. */
  async reopen(open: (take: (handle: AccessHandle) => void) => Promise<void>): Promise<void> {
    this.#handle.close()
    await open((handle) => (this.#handle = handle))
  }

  close(): void {
    this.#counters.handles--
    try {
      this.#handle.close()
    } catch (thrown) {
      throw toVfsError(thrown, 'close', { path: this.path })
    }
  }
}

/** A browser that will not make a file longer has no room for it, whatever it calls that (Firefox: NS_ERROR_FAILURE). */
function resizeError(thrown: unknown, file: OpenFile, size: number): VfsError {
  const detail = `resizing ${file.path} from ${file.size} to ${size} bytes failed`
  const error = toVfsError(thrown, 'truncate', { detail })
  if (error.code !== 'EIO' || size < file.size) return error
  return new VfsError('ENOSPC', 'truncate', { detail, cause: thrown })
}
