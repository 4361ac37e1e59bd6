// The first load of a database, cut at every call of it that reaches storage: by the death of the tab and by
// power. Plain files stand for the cluster, and opfs-ahp over a simulated OPFS for a store that hands down and
// flushes by itself. Whatever is left is taken for a database only if all of it is there.

import { SimulatedWorld, START, everythingOnStorage } from '@wasm-vfs/core/testing/crash'
import {
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { target } from '../../../vfs-opfs-ahp/test/crash/target.ts'
import { ROOT_INO, VfsError, walk, type Vfs } from '../../src/contract/index.ts'
import { FirstLoad } from '../../src/pglite/first-load.ts'

const OPTIONS = { level: 'strict', cacheBytes: 16 * 1024 } as const
const FILES = 24
const FILE_BYTES = 3000
/** States of storage that are tried for each power cut. */
const CUTS = { exhaustiveMax: 12, samples: 12 }

const content = (index: number): Uint8Array => new Uint8Array(FILE_BYTES).fill(index + 1)
const names = (vfs: Vfs): string[] => vfs.readdir(ROOT_INO).map(({ name }) => name)

/** Copies the first `count` files of a cluster, as PGlite does: the one that tells a database is among them. */
function copy(vfs: Vfs, count: number): void {
  const base = vfs.mkdir(ROOT_INO, 'base', 0o700)
  vfs.create(ROOT_INO, 'PG_VERSION', 0o600)
  for (let index = 0; index < count; index++) {
    vfs.write(vfs.create(base, `${index}`, 0o600), content(index), 0)
  }
}

/** What is missing of a cluster. */
function missing(vfs: Vfs): string[] {
  const problems: string[] = []
  for (let index = 0; index < FILES; index++) {
    const bytes = new Uint8Array(FILE_BYTES)
    try {
      const ino = walk(vfs, `/base/${index}`)
      vfs.read(ino, bytes, 0)
    } catch (error) {
      problems.push(`file ${index}: ${String(error)}`)
      continue
    }
    if (bytes.some((byte) => byte !== index + 1)) problems.push(`file ${index} has other bytes`)
  }
  return problems
}

interface Point {
  readonly image: DirectoryImage
  readonly now: number
  readonly isAcknowledged: boolean
}

describe('a first load that is cut anywhere', () => {
  const world = new SimulatedWorld(1, START)
  beforeEach(() => world.enter())
  afterEach(() => world.leave())

  const open = (image: DirectoryImage, now: number): Promise<[SimulatedOpfs, Vfs]> => {
    world.begin(1, now)
    const opfs = new SimulatedOpfs({ image })
    return world.settle(target.open(opfs, OPTIONS).then(({ vfs }) => [opfs, vfs]))
  }

  /** A store whose names have settled, as `prepare` leaves it. */
  async function made(prepare: (vfs: Vfs) => Promise<void>): Promise<DirectoryImage> {
    const opfs = new SimulatedOpfs()
    world.begin(1, START - 10 * target.settlingMs)
    await world.settle(target.open(opfs, OPTIONS).then(({ vfs }) => vfs.close()))
    const [again, vfs] = await open(
      everythingOnStorage(opfs.image()),
      START - 5 * target.settlingMs,
    )
    await world.settle(prepare(vfs))
    return everythingOnStorage(again.image())
  }

  /** Loads a database, and collects what storage holds after each call that changes it. */
  async function load(image: DirectoryImage): Promise<Point[]> {
    const [opfs, vfs] = await open(image, START)
    const points: Point[] = []
    const add = (isAcknowledged: boolean): void =>
      void points.push({ image: opfs.image(), now: world.now, isAcknowledged })
    opfs.watcher.changed = () => add(false)
    const firstLoad = FirstLoad.beginIfNeeded(vfs)!
    copy(vfs, FILES)
    await world.settle(firstLoad.end())
    await world.settle(vfs.sync())
    add(true)
    delete opfs.watcher.changed
    opfs.kill()
    return points
  }

  /** What is wrong with a state, in sentences. */
  async function judge(point: Point, image: DirectoryImage): Promise<string[]> {
    const [opfs, vfs] = await open(image, point.now)
    const found = names(vfs)
    const passesForDatabase = FirstLoad.beginIfNeeded(vfs) === undefined
    const problems = passesForDatabase ? missing(vfs) : []
    if (point.isAcknowledged && !passesForDatabase) problems.push(`only ${found.join(', ')}`)
    opfs.kill()
    return problems
  }

  const failed = async (vfs: Vfs): Promise<void> => {
    FirstLoad.beginIfNeeded(vfs)
    copy(vfs, FILES / 2)
    await vfs.close()
  }
  const tries: Record<string, (vfs: Vfs) => Promise<void>> = {
    'at the first try': (vfs) => vfs.close(),
    'at the second try, after one that failed': failed,
    'at the second try, after one that was synced half-way': async (vfs) => {
      FirstLoad.beginIfNeeded(vfs)
      copy(vfs, FILES / 2)
      await vfs.sync()
    },
  }

  it.each(Object.keys(tries))('passes for whole only if it is, %s', async (which) => {
    const points = await load(await made(tries[which]!))
    const random = new SeededRandom(1)
    const problems = new Set<string>()
    let states = 0
    for (const [at, point] of points.entries()) {
      const loss = new PowerLoss(point.image, { now: point.now, settlingMs: target.settlingMs })
      const cuts = [...selections(loss, CUTS, random)].map((each) => loss.state(each))
      for (const image of [point.image, ...cuts]) {
        states++
        for (const problem of await judge(point, image)) problems.add(`call ${at}: ${problem}`)
      }
    }
    expect([...problems]).toEqual([])
    expect(points.length).toBeGreaterThan(5)
    expect(states).toBeGreaterThan(3 * points.length)
  })

  it('leaves an empty store if it was the first of an empty store and nothing was synced', async () => {
    const [opfs, vfs] = await open(await made(tries['at the first try']!), START)
    FirstLoad.beginIfNeeded(vfs)
    copy(vfs, FILES)
    world.advance(10_000)
    const [, again] = await open(opfs.image(), world.now)
    expect(names(again)).toEqual([])
  })

  it('keeps its marker if the content cannot be made durable', async () => {
    const [, vfs] = await open(await made(tries['at the first try']!), START)
    const firstLoad = FirstLoad.beginIfNeeded(vfs)!
    copy(vfs, 1)
    const { sync } = vfs
    const cause = new VfsError('ENOSPC', 'sync')
    vfs.sync = () => Promise.reject(cause)
    await expect(firstLoad.end()).rejects.toBe(cause)
    vfs.sync = sync
    expect(names(vfs)).toContain('.wasm-vfs-first-load')
    await world.settle(firstLoad.end())
    expect(names(vfs)).not.toContain('.wasm-vfs-first-load')
  })
})
