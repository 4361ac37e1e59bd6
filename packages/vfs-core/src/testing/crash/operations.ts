// The operations that workloads are made of, as plain data: a failing workload can be written down and
// run again. Paths are absolute; an operation that POSIX would refuse is refused and changes nothing.

export type Operation =
  | readonly ['create', path: string]
  | readonly ['mkdir', path: string]
  | readonly ['symlink', path: string, length: number]
  | readonly ['write', path: string, at: number, length: number]
  | readonly ['append', path: string, length: number]
  /** Zeros are their own case: a store may leave them out. */
  | readonly ['zeros', path: string, at: number, length: number]
  | readonly ['truncate', path: string, size: number]
  /** Reads and compares with what the program has written; nothing changes but an access time. */
  | readonly ['read', path: string, at: number, length: number]
  | readonly ['chmod', path: string, mode: number]
  /** Sets both times, as `utimes`. */
  | readonly ['utimes', path: string, atime: number, mtime: number]
  | readonly ['rename', from: string, to: string]
  | readonly ['link', from: string, to: string]
  | readonly ['unlink', path: string]
  | readonly ['rmdir', path: string]
  /** Opens a file, so that it outlives its names; `letgo` closes the one opened first. */
  | readonly ['hold', path: string]
  | readonly ['letgo']
  | readonly ['fsync', path: string]
  | readonly ['sync']
  | readonly ['housekeeping']
  /** Time passes and timers run. */
  | readonly ['wait', ms: number]
  /** Time passes in a program that never lets a timer run. */
  | readonly ['busy', ms: number]
  /** The system's clock is set: forward, or back where negative. No time passes. */
  | readonly ['clock', ms: number]
  /** Lowers the store to relaxed. */
  | readonly ['relax']
  /** Asks for an atomic first load. */
  | readonly ['load']
  /** Until an `open`, only time passes. */
  | readonly ['close']
  /** Opens the store that the program has closed. */
  | readonly ['open']

export type Workload = readonly Operation[]

export function describeOperation(operation: Operation): string {
  return operation.join(' ')
}

/**
 * `length` bytes for a write: which write it was and where in the file they belong can be told from
 * any of them, and none is zero.
 */
export function pattern(stamp: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let word = 0
  let wordIndex = -1
  for (let done = 0; done < length; done++) {
    const position = at + done
    const index = Math.floor(position / 4)
    if (index !== wordIndex) {
      wordIndex = index
      word = Math.imul(stamp + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)
      word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d)
      word ^= word >>> 13
    }
    bytes[done] = ((word >>> ((position % 4) * 8)) & 0xff) | 1
  }
  return bytes
}
