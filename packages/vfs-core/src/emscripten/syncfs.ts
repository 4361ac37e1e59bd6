// syncfs: FS.syncfs, with which a program's JavaScript makes everything durable, and the way in which
// fsync(2) arrives in Asyncify and JSPI builds (before 4.0.23 the only one): fd_sync then calls the mounted
// type's syncfs as FS.syncfs would, and suspends the program unless it calls back at once.
//
// The two must be told apart. FS.syncfs waits for everything. fsync(2) must not suspend: an Asyncify
// program is instrumented only where its author expected to wait, and with MEMFS and NODEFS an fsync
// never does; suspended anywhere else, it crashes. So it does what stream_ops.fsync does elsewhere.

import type { Vfs } from '../contract/index.ts'
import type { Errors } from './errors.ts'
import type { FileSystemType, FSInternals, FSMount } from './fs.ts'

export function makeSyncfs(FS: FSInternals, vfs: Vfs, errors: Errors): FileSystemType['syncfs'] {
  const inFlight = new WeakMap<FSMount, number>()

  function syncAll(mount: FSMount, callback: (error: unknown) => void): void {
    inFlight.set(mount, (inFlight.get(mount) ?? 0) + 1)
    const finish = (error: unknown): void => {
      inFlight.set(mount, (inFlight.get(mount) ?? 1) - 1)
      callback(error)
    }
    const synced = new Promise<void>((resolve) => resolve(vfs.sync()))
    void synced.then(
      () => finish(null),
      (error: unknown) => finish(errors.translate(error, 'sync')),
    )
  }

  /** fd_sync does not say which stream it was called for, so each that is open here is synced. */
  function fsyncOpen(mount: FSMount, callback: (error: unknown) => void): void {
    try {
      for (const stream of FS.streams) {
        if (stream?.hold !== undefined && stream.node.mount === mount) vfs.fsync(stream.node.ino)
      }
    } catch (error) {
      callback(errors.translate(error, 'fsync'))
      return
    }
    callback(null)
  }

  return (mount, populate, callback) => {
    // An open Vfs is populated: whatever it has to read, it has read when it was opened.
    if (populate) callback(null)
    // FS.syncfs counts itself before it calls each mount once.
    else if (FS.syncFSRequests > (inFlight.get(mount) ?? 0)) syncAll(mount, callback)
    else fsyncOpen(mount, callback)
  }
}
