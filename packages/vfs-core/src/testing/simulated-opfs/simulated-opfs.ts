// One simulated origin: the disk, its clock, its quota and who watches it. The handles of a session
// work on it until the session is killed.

import type { Call, CallKind, Fault, Watcher } from './calls.ts'
import { DirectoryNode, fromImage, takeImage, type DirectoryImage, type Node } from './disk.ts'
import { SimulatedDirectoryHandle } from './handles.ts'

export interface SimulatedOpfsOptions {
  /** What the disk holds; default nothing. */
  readonly image?: DirectoryImage
  /** Milliseconds since the epoch; default `Date.now`. Names settle by this clock. */
  readonly now?: () => number
  /** Most bytes of all files together; a write or truncate beyond throws QuotaExceededError. */
  readonly quota?: number
  /**
   * What a file counts for that grows to `size`, until its handle is closed; default: its size. Chromium's
   * is `chromiumCapacity`.
   */
  readonly capacityFor?: (size: number) => number
}

/** At least 1 MiB, and a power of two; nothing less will do where the quota does not allow it (Chromium 156). */
export function chromiumCapacity(size: number): number {
  return 2 ** Math.max(20, Math.ceil(Math.log2(size)))
}

export class SimulatedOpfs {
  /** As from `navigator.storage.getDirectory()`. */
  readonly root: FileSystemDirectoryHandle
  watcher: Watcher = {}
  quota: number
  readonly capacityFor: (size: number) => number
  readonly #disk: DirectoryNode
  readonly #now: () => number
  #killed = false

  constructor(options: SimulatedOpfsOptions = {}) {
    this.#disk = options.image === undefined ? new DirectoryNode() : fromImage(options.image)
    this.#now = options.now ?? Date.now
    this.quota = options.quota ?? Infinity
    this.capacityFor = options.capacityFor ?? ((size) => size)
    this.root = new SimulatedDirectoryHandle(this, this.#disk, '')
  }

  /** The present moment, from which crash states can be derived. */
  image(): DirectoryImage {
    return takeImage(this.#disk)
  }

  /**
   * The session dies: whatever its handles are asked from now on is refused and changes nothing. What
   * they did before is in `image()`.
   */
  kill(): void {
    this.#killed = true
    this.watcher = {}
  }

  /** Bytes that count against the quota. */
  get used(): number {
    return bytesBelow(this.#disk)
  }

  /** The size of each file, by its path from the root. */
  sizes(): Map<string, number> {
    const sizes = new Map<string, number>()
    const add = (directory: DirectoryNode, prefix: string): void => {
      for (const [name, node] of directory.entries) {
        if (node.kind === 'directory') add(node, `${prefix}${name}/`)
        else sizes.set(`${prefix}${name}`, node.live.size)
      }
    }
    add(this.#disk, '')
    return sizes
  }

  // ---- For the handles.

  now(): number {
    return this.#now()
  }

  /** Announces a call; throws the fault it is to meet, or returns one that the call carries out itself. */
  begin(call: Call): Fault | undefined {
    if (this.#killed) throw new DOMException('The session was killed', 'InvalidStateError')
    const fault = this.watcher.fault?.(call)
    if (fault !== undefined && 'throws' in fault) {
      throw new DOMException(`${call.kind} of ${call.path} was made to fail`, fault.throws)
    }
    return fault
  }

  changed(call: Call): void {
    this.watcher.changed?.(call)
  }

  /** QuotaExceededError unless the files may grow by `bytes`. */
  checkQuota(bytes: number, kind: CallKind): void {
    if (bytes <= 0 || this.quota === Infinity) return
    if (this.used + bytes <= this.quota) return
    throw new DOMException(`${kind}: no space is left in the simulation`, 'QuotaExceededError')
  }
}

function bytesBelow(directory: DirectoryNode): number {
  let bytes = 0
  for (const node of directory.entries.values()) bytes += bytesOf(node)
  return bytes
}

function bytesOf(node: Node): number {
  return node.kind === 'file' ? node.held : bytesBelow(node)
}
