// How the bytes of an OPFS file are reached: by a sync access handle, or where there are none by reading
// the file and writing changes back through createWritable. What a browser can do is found out by trying
// (WebKitGTK has the method and refuses every call of it).

import { openAccessHandle, toVfsError, type VfsError } from '@wasm-vfs/core/backend'
import { WritableAccessHandle } from './writable-access.ts'

/** The part of FileSystemSyncAccessHandle that a store uses. */
export type AccessHandle = Pick<
  FileSystemSyncAccessHandle,
  'read' | 'write' | 'truncate' | 'getSize' | 'flush' | 'close'
>

export class FileAccess {
  #synchronous: boolean | undefined
  // Changes on their way to storage, in order; only without sync access handles. One that failed is
  // gone, as after a failed flush, and no later one may claim that storage is complete.
  #writing: Promise<void> | undefined
  #failure: VfsError | undefined

  /** A flush is done when it returns; otherwise when `settle` resolves. */
  get isSynchronous(): boolean {
    return this.#synchronous !== false
  }

  /** Opens a file; EBUSY if someone else has a handle and keeps it. */
  async open(file: FileSystemFileHandle, path: string): Promise<AccessHandle> {
    // What is on its way to this very file must be there before it is read.
    await this.settle()
    if (this.#synchronous !== false) {
      try {
        const handle = await openAccessHandle(file, { path })
        this.#synchronous = true
        return handle
      } catch (thrown) {
        if (this.#synchronous === true || !isMissing(file, thrown)) throw thrown
        this.#synchronous = false
      }
    }
    return await WritableAccessHandle.open(file, path, (write) => this.#enqueue(write))
  }

  /**
   * Waits until all that was flushed or closed is with the browser, and throws what failed; nothing to
   * wait for with sync access handles.
   */
  settle(): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    return this.#writing === undefined ? undefined : this.#settle()
  }

  async #settle(): Promise<void> {
    while (this.#writing !== undefined) {
      const writing = this.#writing
      await writing
      if (this.#writing === writing) this.#writing = undefined
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #enqueue(write: () => Promise<void>): void {
    const before = this.#writing ?? Promise.resolve()
    this.#writing = before
      .then(() => (this.#failure === undefined ? write() : undefined))
      .catch((error: unknown) => {
        this.#failure = toVfsError(error, 'write', { detail: 'writing a file back failed' })
      })
  }
}

function isMissing(file: FileSystemFileHandle, thrown: unknown): boolean {
  return (
    !('createSyncAccessHandle' in file) ||
    file.createSyncAccessHandle === undefined ||
    toVfsError(thrown, 'open').code === 'ENOTSUP'
  )
}
