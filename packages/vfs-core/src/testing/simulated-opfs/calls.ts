// What a simulated OPFS tells whoever watches it: each call as it comes, which may then be made to
// fail, and each call that changed something, after which a crash is worth trying.

export type CallKind =
  | 'getFileHandle'
  | 'getDirectoryHandle'
  | 'removeEntry'
  | 'move'
  | 'list'
  | 'getFile'
  | 'createSyncAccessHandle'
  | 'getSize'
  | 'read'
  | 'write'
  | 'truncate'
  | 'flush'
  | 'close'

export interface Call {
  readonly kind: CallKind
  /** Of the file or directory, from the root, without a leading slash. */
  readonly path: string
  /** Of a read or write. */
  readonly at?: number
  /** Bytes of a read or write; the new size of a truncate. */
  readonly length?: number
}

/**
 * How a call fails.
 * - `throws`: nothing is done and a DOMException of this name is thrown.
 * - `takes`: a write or read stops after so many bytes and returns that number.
 * - `losesChanges`: a flush throws, and what was dirty is gone from storage for good.
 */
export type Fault =
  | { readonly throws: string }
  | { readonly takes: number }
  | { readonly losesChanges: true }

export interface Watcher {
  /** Before a call is carried out: how it is to fail, if it is. */
  fault?(call: Call): Fault | undefined
  /** After a call has changed what the browser shows or what is on storage. */
  changed?(call: Call): void
}
