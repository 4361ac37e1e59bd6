// The disks that workloads start from, made by the backend itself, and the conditions they are made under.

import type { SimulatedWorld } from './world.ts'
import { PowerLoss, SimulatedOpfs, type DirectoryImage } from '../simulated-opfs/index.ts'
import type { Workload } from './operations.ts'
import { Session } from './session.ts'
import { withoutPowerCut } from './strategies.ts'
import type { CrashTarget, Program, StoreOptions } from './target.ts'
import { HEAVY_BYTES, HEAVY_FILES } from './workloads.ts'

/** When simulated time begins, in milliseconds since the epoch. */
export const START = 1_700_000_000_000

/** What most workloads work on. */
export const SMALL_TREE: Workload = [
  ['create', '/a'],
  ['write', '/a', 0, 6000],
  ['create', '/b'],
  ['write', '/b', 0, 1536],
  ['mkdir', '/d'],
  ['create', '/d/c'],
  ['write', '/d/c', 0, 20_000],
]

/** What sequences of operations in the manner of ACE work on. */
export const TWO_FOLDERS: Workload = [
  ['mkdir', '/A'],
  ['mkdir', '/B'],
  ['create', '/A/foo'],
  ['write', '/A/foo', 0, 5000],
  ['create', '/B/bar'],
  ['write', '/B/bar', 0, 12_000],
]

export type DiskName = 'empty' | 'small' | 'large' | 'folders' | 'heavy'

const FOUNDATIONS: Readonly<Record<Exclude<DiskName, 'empty'>, Workload>> = {
  small: [
    ...SMALL_TREE,
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
  heavy: [
    ...[...HEAVY_FILES, '/last'].flatMap((name): Workload => [
      ['create', name],
      ['write', name, 0, HEAVY_BYTES],
    ]),
    ['sync'],
    ['close'],
  ],
  folders: [...TWO_FOLDERS, ['sync'], ['close']],
}

/** The disks of one backend; each is made once. */
export class Disks {
  readonly #target: CrashTarget
  readonly #world: SimulatedWorld
  readonly #options: Partial<StoreOptions>
  readonly #made = new Map<DiskName, DirectoryImage>()

  /** `options`: what the disks are made with. */
  constructor(target: CrashTarget, world: SimulatedWorld, options: Partial<StoreOptions> = {}) {
    this.#target = target
    this.#world = world
    this.#options = options
  }

  /** A disk made long before START, so that its names have settled. The clock is moved. */
  async get(name: DiskName): Promise<DirectoryImage> {
    let image = this.#made.get(name)
    if (image === undefined) {
      image = await this.#make(name)
      this.#made.set(name, image)
    }
    return image
  }

  async #make(name: DiskName): Promise<DirectoryImage> {
    const { settlingMs } = this.#target
    const opfs = new SimulatedOpfs({ now: () => this.#world.now })
    if (name !== 'empty') {
      this.#world.begin(1, START - 100 * settlingMs)
      // What the first session prepares for later settles before the session that uses it.
      for (const workload of [[['close']] satisfies Workload, FOUNDATIONS[name]]) {
        const strategy = withoutPowerCut(this.#target.tree)
        const options = { ...this.#options, level: 'strict', cacheBytes: 0 } as const
        const open = (): Promise<Program> => this.#target.open(opfs, options)
        const program = await open()
        const session = { workload, stamp: 0, world: this.#world, level: 'strict' } as const
        const start = await program.observe()
        await new Session(opfs, program, start, { ...session, strategy, open }).run()
        await program.kill?.()
        this.#world.setTime(this.#world.now + 10 * settlingMs)
      }
    }
    return everythingOnStorage(opfs.image())
  }
}

/** What the browser shows, all of it on storage. */
export function everythingOnStorage(image: DirectoryImage): DirectoryImage {
  const loss = new PowerLoss(image, { now: Infinity, settlingMs: 0 })
  return loss.state(loss.counts.map((count) => count - 1))
}
