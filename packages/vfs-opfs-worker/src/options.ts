// The options of a store: what they mean, their defaults, and what is refused.

import type { Durability, OwnershipOptions } from '@wasm-vfs/core/backend'
import { RING_BYTES_UNIT } from './channel/protocol.ts'
import type { WorkerSource } from './client/worker-supply.ts'
import { HANDLES_MIN } from './io/layout.ts'

export interface OpfsWorkerOptions extends OwnershipOptions {
  /**
   * What a power cut may take. `strict` (default): nothing that was fsynced, but see the README on new
   * names. `relaxed`: at most the last `windowMs` of commits, never consistency. Neither loses anything
   * when only the tab, a worker or the browser dies.
   */
  readonly durability?: Exclude<Durability, 'none'>
  /** Relaxed only: the longest a flush is put off, in milliseconds. Default 500. */
  readonly windowMs?: number
  /**
   * Most access handles to hold, an integer of at least 4. Default 96; Safari allows 252 in an origin. Where
   * the browser refuses one, the store makes do with fewer.
   */
  readonly maxHandles?: number
  /** Memory for writes that are under way, in bytes, from 64 KiB to 1 GiB. Default 4 MiB. */
  readonly ringBytes?: number
  /**
   * The longest to wait for the I/O worker without any progress, in milliseconds; then the store is dead
   * and must be reopened. Default 30,000.
   */
  readonly deadlineMs?: number
  /**
   * Where the I/O worker comes from. Default: this thread makes it, from a blob.
   *
   * A MessagePort is that of `supplyIoWorkers`, called by the page: it starts sooner, and Firefox needs it,
   * where a worker that makes a worker sometimes waits for good. It can be used for any number of opens.
   *
   * A URL names the worker's script, the module `@wasm-vfs/opfs-worker/worker`, for pages whose content
   * security policy forbids blobs; or a worker made from it that has been told nothing yet. A worker that is
   * given belongs to the store, which terminates it when it closes.
   */
  readonly worker?: URL | string | Worker | MessagePort
  /** Open although files are missing whose names a power cut took. Default false: EIO says which. */
  readonly acceptMissing?: boolean
}

/** The options, checked and complete. */
export interface Settings {
  readonly durability: Exclude<Durability, 'none'>
  readonly windowMs: number
  readonly maxHandles: number
  readonly ringBytes: number
  readonly deadlineMs: number
  readonly worker: WorkerSource
  readonly acceptMissing: boolean
}

const WINDOW_MS = 500
const HANDLES = 96
const RING_BYTES = 4 * 1024 * 1024
const RING_BYTES_MAX = 1024 * 1024 * 1024
const DEADLINE_MS = 30_000
const DEADLINE_MS_MIN = 100
const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'durability',
  'windowMs',
  'maxHandles',
  'ringBytes',
  'deadlineMs',
  'worker',
  'acceptMissing',
  'wait',
  'takeOver',
  'onTakeOver',
])

/** TypeError for an unknown option or a value that makes no sense. */
export function checkOptions(options: OpfsWorkerOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!KNOWN_OPTIONS.has(key)) {
      throw new TypeError(
        `openOpfsWorker: unknown option '${key}'; there are ${[...KNOWN_OPTIONS].join(', ')}`,
      )
    }
  }
  const { durability = 'strict', acceptMissing = false, worker } = options
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError(`openOpfsWorker: durability is 'strict' or 'relaxed', not '${durability}'`)
  }
  const ringBytes = checkInteger(
    'ringBytes',
    options.ringBytes ?? RING_BYTES,
    RING_BYTES_UNIT,
    RING_BYTES_MAX,
  )
  return {
    durability,
    acceptMissing,
    worker,
    windowMs: checkInteger('windowMs', options.windowMs ?? WINDOW_MS, 0),
    maxHandles: checkInteger('maxHandles', options.maxHandles ?? HANDLES, HANDLES_MIN),
    ringBytes: Math.ceil(ringBytes / RING_BYTES_UNIT) * RING_BYTES_UNIT,
    deadlineMs: checkInteger('deadlineMs', options.deadlineMs ?? DEADLINE_MS, DEADLINE_MS_MIN),
  }
}

function checkInteger(option: string, value: number, least: number, most = Infinity): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  const limit = most === Infinity ? '' : ` and at most ${most}`
  throw new TypeError(
    `openOpfsWorker: ${option} is an integer of at least ${least}${limit}, not ${value}`,
  )
}
