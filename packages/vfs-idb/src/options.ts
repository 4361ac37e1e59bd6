// The options of a store: what they mean, their defaults, and what is refused.

import type { Durability, DurabilityLevel, OwnershipOptions } from '@wasm-vfs/core/backend'

export interface OpenProgress {
  /** Bytes of files read so far, and in all; those of the last changes are not counted. */
  readonly bytesLoaded: number
  readonly bytesTotal: number
}

export interface IdbOptions extends OwnershipOptions {
  /**
   * The durability of IndexedDB transactions. `strict` (default): a `sync()` resolves when the browser
   * has asked the system to put it on storage. `relaxed`: when it has handed it to the system.
   */
  readonly durability?: Exclude<Durability, 'none'>
  /**
   * The longest that IndexedDB may leave a request without any answer, in milliseconds (ETIMEDOUT).
   * Default 60,000. Time in which the page is suspended does not count.
   */
  readonly deadlineMs?: number
  /** Told now and then how far the opening of the store is. */
  readonly onProgress?: (progress: OpenProgress) => void
  /**
   * Ask the browser not to evict the origin's storage when the disk is full. Only a window can ask, and
   * some browsers ask their user. The answer goes to the function, if this is one; `false` also where
   * nobody can be asked. The opening does not wait for it. Default: `false`.
   */
  readonly persist?: boolean | ((persisted: boolean) => void)
}

/** The options, checked and complete. */
export interface Settings {
  readonly level: DurabilityLevel
  readonly deadlineMs: number
  readonly onProgress: ((progress: OpenProgress) => void) | undefined
  /** Told the answer; undefined if the browser is not to be asked. */
  readonly persist: ((persisted: boolean) => void) | undefined
}

export const DEADLINE_MS = 60_000

const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'durability',
  'deadlineMs',
  'onProgress',
  'persist',
  'wait',
  'takeOver',
  'onTakeOver',
])

/** TypeError for an unknown option or a value that makes no sense. */
export function checkOptions(options: IdbOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!KNOWN_OPTIONS.has(key)) {
      throw new TypeError(
        `openIdb: unknown option '${key}'; there are ${[...KNOWN_OPTIONS].join(', ')}`,
      )
    }
  }
  const { durability = 'strict', deadlineMs = DEADLINE_MS, onProgress, persist = false } = options
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError(`openIdb: durability is 'strict' or 'relaxed', not '${durability}'`)
  }
  if (!(Number.isFinite(deadlineMs) && deadlineMs > 0)) {
    throw new TypeError(`openIdb: deadlineMs is a number above 0, not ${deadlineMs}`)
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new TypeError(`openIdb: onProgress is a function, not ${typeof onProgress}`)
  }
  if (typeof persist !== 'boolean' && typeof persist !== 'function') {
    throw new TypeError(`openIdb: persist is a boolean or a function, not ${typeof persist}`)
  }
  return { level: { current: durability }, deadlineMs, onProgress, persist: listenerOf(persist) }
}

function listenerOf(
  persist: boolean | ((persisted: boolean) => void),
): ((persisted: boolean) => void) | undefined {
  if (typeof persist === 'function') return persist
  return persist ? () => {} : undefined
}
