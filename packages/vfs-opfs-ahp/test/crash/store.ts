// The backend under test, and the disks that its workloads start from. Everything else in this folder
// knows only the contract.

import { VfsError, type Vfs } from '@wasm-vfs/core'
import {
  PowerLoss,
  SeededRandom,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { checkOpfsAhp, openOpfsAhp } from '@wasm-vfs/opfs-ahp'
import { vi } from 'vitest'
import { observe, Session } from './session.ts'
import type { Workload } from './operations.ts'

/** How long a name takes to be safe, in milliseconds, and when simulated time begins. */
export const SETTLING_MS = 60_000
export const START = 1_700_000_000_000
export const WINDOW_MS = 500

export interface StoreOptions {
  readonly level: 'strict' | 'relaxed'
  readonly cacheBytes: number
}

const NAME = 'store'
const HANDLES = 10

export function openStore(opfs: SimulatedOpfs, options: StoreOptions): Promise<Vfs> {
  return openOpfsAhp(NAME, {
    directory: opfs.root,
    durability: options.level,
    cacheBytes: options.cacheBytes,
    windowMs: WINDOW_MS,
    maxHandles: HANDLES,
  })
}

/** As `openStore`, while simulated time goes on: an open that meets a locked file tries again. */
export async function openStoreInTime(opfs: SimulatedOpfs, options: StoreOptions): Promise<Vfs> {
  const opening = openStore(opfs, options)
  const state = { settled: false }
  const settle = (): void => void (state.settled = true)
  opening.then(settle, settle)
  for (let round = 0; round < 100; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (state.settled) return opening
    vi.advanceTimersByTime(100)
  }
  throw new Error('the open hangs')
}

/** What fsck finds, in sentences. Nobody has the store open. */
export async function checkStore(image: DirectoryImage): Promise<readonly string[]> {
  const { problems, closed } = await checkOpfsAhp(NAME, {
    directory: new SimulatedOpfs({ image }).root,
  })
  return closed ? problems : [...problems, 'the store does not say that it was closed']
}

/** Whether an open may refuse like this after a power cut on a store that has not settled. */
export function saysNeverSettled(error: unknown): boolean {
  return (
    error instanceof VfsError && error.code === 'EIO' && error.message.includes('never settled')
  )
}

/** From here on time, timers and randomness are simulated; each `seed` makes them the same again. */
export function simulateWorld(seed: number, now: number): void {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now })
  // A killed session cannot give a lock back here as it does in a browser.
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({ quota: 0 }) } })
  reseed(seed)
}

export function reseed(seed: number): void {
  const random = new SeededRandom(seed)
  vi.stubGlobal('crypto', {
    getRandomValues(bytes: Uint8Array): Uint8Array {
      for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256)
      return bytes
    },
  })
}

export function restoreWorld(): void {
  vi.clearAllTimers()
  vi.useRealTimers()
  vi.unstubAllGlobals()
}

export type DiskName = 'empty' | 'small' | 'large'

const FOUNDATIONS: Readonly<Record<Exclude<DiskName, 'empty'>, Workload>> = {
  small: [
    ['create', '/a'],
    ['write', '/a', 0, 6000],
    ['create', '/b'],
    ['write', '/b', 0, 1536],
    ['mkdir', '/d'],
    ['create', '/d/c'],
    ['write', '/d/c', 0, 20_000],
    ['create', '/gone'],
    ['write', '/gone', 0, 30_000],
    ['sync'],
    ['unlink', '/gone'],
    ['sync'],
    ['close'],
  ],
  large: [
    ['create', '/a'],
    ['write', '/a', 0, 6000],
    ['create', '/wal'],
    ['truncate', '/wal', 1_048_576],
    ['create', '/t'],
    ['write', '/t', 0, 65_536],
    ['sync'],
    ['close'],
  ],
}

const disks = new Map<DiskName, DirectoryImage>()

/** A disk to start from, made long before START, so that its names have settled. */
export async function diskOf(name: DiskName): Promise<DirectoryImage> {
  let image = disks.get(name)
  if (image === undefined) {
    image = await makeDisk(name)
    disks.set(name, image)
  }
  return image
}

async function makeDisk(name: DiskName): Promise<DirectoryImage> {
  const opfs = new SimulatedOpfs()
  if (name !== 'empty') {
    vi.setSystemTime(START - 100 * SETTLING_MS)
    // The spares that the first session makes settle before the session that uses them.
    for (const workload of [[['close']] satisfies Workload, FOUNDATIONS[name]]) {
      const vfs = await openStore(opfs, { level: 'strict', cacheBytes: 0 })
      await new Session(opfs, vfs, observe(vfs), { workload, stamp: 0 }).run()
      vi.setSystemTime(Date.now() + 10 * SETTLING_MS)
    }
  }
  const loss = new PowerLoss(opfs.image(), { now: START, settlingMs: SETTLING_MS })
  return loss.state(loss.counts.map((count) => count - 1))
}
