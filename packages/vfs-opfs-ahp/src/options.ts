// The options of a store: what they mean, their defaults, and what is refused.

import type { Durability, DurabilityLevel, OwnershipOptions } from '@wasm-vfs/core/backend'

export interface OpfsAhpOptions extends OwnershipOptions {
  /**
   * What a power cut may take. `strict` (default): nothing that was fsynced. `relaxed`: at most the
   * last `windowMs` of commits, never consistency. Neither loses anything when only the tab, the
   * worker or the browser dies.
   */
  readonly durability?: Exclude<Durability, 'none'>
  /** Relaxed only: the longest a flush is put off, in milliseconds. Default 500. */
  readonly windowMs?: number
  /** Most access handles to hold, at least 8. Default 64; Safari allows 252 in an origin. */
  readonly maxHandles?: number
  /** Most bytes of written data to gather before they are handed to the browser. Default 16 MiB. */
  readonly cacheBytes?: number
  /** Where stores are kept. Default: the root of the origin's private file system. */
  readonly directory?: FileSystemDirectoryHandle
}

/** The options, checked and complete. */
export interface Settings {
  readonly level: DurabilityLevel
  readonly windowMs: number
  readonly maxFiles: number
  readonly cacheBytes: number
}

const WINDOW_MS = 500
const CACHE_BYTES = 16 * 1024 * 1024
const HANDLES = 64
const HANDLES_MIN = 8
const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'durability',
  'windowMs',
  'maxHandles',
  'cacheBytes',
  'directory',
  'wait',
  'takeOver',
  'onTakeOver',
])

/** TypeError for an unknown option or a value that makes no sense. */
export function checkOptions(options: OpfsAhpOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!KNOWN_OPTIONS.has(key)) {
      throw new TypeError(
        `openOpfsAhp: unknown option '${key}'; there are ${[...KNOWN_OPTIONS].join(', ')}`,
      )
    }
  }
  const { durability = 'strict' } = options
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError(`openOpfsAhp: durability is 'strict' or 'relaxed', not '${durability}'`)
  }
  return {
    level: { current: durability },
    windowMs: checkNumber('windowMs', options.windowMs ?? WINDOW_MS, 0),
    maxFiles: checkNumber('maxHandles', options.maxHandles ?? HANDLES, HANDLES_MIN) - 2,
    cacheBytes: checkNumber('cacheBytes', options.cacheBytes ?? CACHE_BYTES, 0),
  }
}

function checkNumber(option: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw new TypeError(`openOpfsAhp: ${option} is a number of at least ${least}, not ${value}`)
}
