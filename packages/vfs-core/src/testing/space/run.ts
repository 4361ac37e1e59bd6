// Random sequences of create, truncate, write, rename, unlink and sync. Each time of growth ends with the removal
// of nearly everything, which leaves a few files anywhere,
// with what is live held against what the store's files have, after every step. It knows the contract and a
// port, so every backend can be held to the same bounds.

import { ROOT_INO, type Ino, type Vfs } from '../../contract/index.ts'
import { SeededRandom } from '../simulated-opfs/random.ts'
import { LiveBytes } from './live-bytes.ts'

const MIB = 1024 * 1024

export interface SpacePort {
  /** Opens the one store, or makes it. */
  open(): Promise<Vfs>
  /** Bytes of all files that the store has in OPFS. */
  usedBytes(): number
  /** How many of these are images of the log: they are live. */
  logBytes(): number
  /** What a store may use after a sync beyond twice what is live: 64 MiB, and what a redo log has. */
  readonly syncedMoreBytes: number
  /** Time passes in which the program is idle. */
  idle(ms: number): void | Promise<void>
  /** Uses the store; default: at once. For one whose calls may not be made anywhere. */
  call?<Result>(operation: () => Result | Promise<Result>): Promise<Result>
}

export interface SpaceReport {
  /** The most that was used, the most that was live, and the most by which a bound was approached (1 is all of it). */
  readonly usedMax: number
  readonly liveMax: number
  readonly tightest: number
}

/** Between two syncs there may be more: what waits for the next one to be cleaned. */
const UNSYNCED_MORE_BYTES = 64 * MIB
const FILES_MAX = 200
const WRITE_MAX = 20_000
/** Steps of a time of growth. */
const PHASE = 250
/** How many files the removal at its end leaves. */
const LEFT = 4
const SIZES = [1, 3000, 9000, 70_000, 300_000, 512 * 1024, 900_000, 1.5 * MIB, 3 * MIB]

interface OpenFile {
  readonly ino: Ino
  name: string | undefined
}

/** Throws an Error that says after which step more was used than may be. */
export async function runSpace(port: SpacePort, seed: number, steps: number): Promise<SpaceReport> {
  const run = new Run(port, seed)
  await run.open()
  for (let step = 0; step < steps; step++) await run.step(step)
  await run.close(`the close at the end`)
  return run.report
}

class Run {
  readonly report = { usedMax: 0, liveMax: 0, tightest: 0 }
  readonly #port: SpacePort
  readonly #random: SeededRandom
  readonly #seed: number
  #live = new LiveBytes()
  readonly #named = new Map<string, Ino>()
  #held: OpenFile[] = []
  #vfs!: Vfs
  #names = 0

  constructor(port: SpacePort, seed: number) {
    this.#port = port
    this.#seed = seed
    this.#random = new SeededRandom(seed)
  }

  async open(): Promise<void> {
    this.#vfs = await this.#port.open()
    this.#check('the open', 2, this.#port.syncedMoreBytes)
  }

  async close(what: string): Promise<void> {
    // What is unlinked and still open is in the state that the close leaves.
    await this.#call(() => this.#vfs.close())
    this.#live.synced()
    this.#check(what, 1.5, 16 * MIB)
    for (const { ino, name } of this.#held) if (name === undefined) this.#live.gone(ino)
    this.#held = []
  }

  async step(step: number): Promise<void> {
    const random = this.#random
    const what = `step ${step}`
    if (step % PHASE === PHASE - 1) return await this.#removeMost(what, Math.floor(step / PHASE))
    const drawn = random.below(100)
    if (drawn < 8) {
      await this.#call(() => this.#vfs.sync())
      this.#live.synced()
      this.#check(`${what}, a sync`, 2, this.#port.syncedMoreBytes)
      return
    }
    if (drawn < 9) {
      await this.close(`${what}, a close`)
      return await this.open()
    }
    if (drawn < 14) await this.#port.idle(random.pick([10, 200, 70_000]))
    else await this.#call(() => this.#operate(drawn))
    this.#check(what, 2, this.#port.syncedMoreBytes + UNSYNCED_MORE_BYTES)
  }

  async #call<Result>(operation: () => Result | Promise<Result>): Promise<Result> {
    return await (this.#port.call?.(operation) ?? operation())
  }

  /** Then a sync, or a close, has to give the space back. */
  async #removeMost(what: string, phase: number): Promise<void> {
    await this.#call(() => this.#vfs.sync())
    this.#live.synced()
    await this.#call(() => {
      while (this.#held.length > 0) this.#letGo()
      while (this.#named.size > LEFT) this.#unlink(this.#anyName()!)
    })
    if (phase % 2 === 0) {
      await this.#call(() => this.#vfs.sync())
      this.#live.synced()
      this.#check(`${what}, a sync after most was removed`, 2, this.#port.syncedMoreBytes)
      return
    }
    await this.close(`${what}, a close after most was removed`)
    await this.open()
  }

  #operate(drawn: number): void {
    const name = this.#anyName()
    if (name === undefined || (drawn < 50 && this.#named.size < FILES_MAX)) return this.#create()
    const ino = this.#named.get(name)!
    if (drawn < 60) this.#resize(ino, this.#random.pick(SIZES))
    else if (drawn < 68) this.#write(ino)
    else if (drawn < 74) this.#rewrite(ino)
    else if (drawn < 78) this.#rename(name)
    else if (drawn < 81) this.#hold(name)
    else if (drawn < 84) this.#letGo()
    else if (drawn < 86) this.#vfs.fsync(ino)
    else if (drawn < 92) this.#unlink(name)
    else this.#create()
  }

  #create(): void {
    const name = `file-${this.#names++}`
    const ino = this.#vfs.create(ROOT_INO, name, 0o644)
    this.#named.set(name, ino)
    this.#live.sized(ino, 0)
    this.#resize(ino, this.#random.pick(SIZES))
    if (this.#random.chance(0.5)) this.#write(ino)
  }

  #resize(ino: Ino, bytes: number): void {
    this.#vfs.truncate(ino, bytes)
    this.#live.sized(ino, bytes)
  }

  #write(ino: Ino): void {
    const { size } = this.#vfs.getattr(ino)
    const at = this.#random.below(size + 1)
    const bytes = new Uint8Array(1 + this.#random.below(WRITE_MAX)).fill(
      1 + this.#random.below(255),
    )
    this.#vfs.write(ino, bytes, at)
    this.#live.sized(ino, Math.max(size, at + bytes.length))
  }

  /** As with O_TRUNC. */
  #rewrite(ino: Ino): void {
    const { size } = this.#vfs.getattr(ino)
    this.#resize(ino, 0)
    this.#resize(ino, Math.max(size, 1))
    this.#write(ino)
  }

  #rename(name: string): void {
    const target = this.#anyName()!
    if (target === name) return
    const ino = this.#named.get(name)!
    this.#vfs.rename(ROOT_INO, name, ROOT_INO, target)
    this.#lostName(target)
    this.#named.delete(name)
    this.#named.set(target, ino)
    for (const file of this.#held) if (file.ino === ino) file.name = target
  }

  #hold(name: string): void {
    const ino = this.#named.get(name)!
    this.#vfs.acquire(ino)
    this.#held.push({ ino, name })
  }

  #letGo(): void {
    const file = this.#held.shift()
    if (file === undefined) return
    this.#vfs.release(file.ino)
    const isHeld = this.#held.some(({ ino }) => ino === file.ino)
    if (file.name === undefined && !isHeld) this.#live.gone(file.ino)
  }

  #unlink(name: string): void {
    this.#vfs.unlink(ROOT_INO, name)
    this.#lostName(name)
    this.#named.delete(name)
  }

  #lostName(name: string): void {
    const ino = this.#named.get(name)!
    const held = this.#held.filter((file) => file.ino === ino)
    for (const file of held) file.name = undefined
    if (held.length === 0) this.#live.gone(ino)
  }

  #anyName(): string | undefined {
    const names = [...this.#named.keys()]
    return names.length === 0 ? undefined : this.#random.pick(names)
  }

  #check(what: string, factor: number, more: number): void {
    const used = this.#port.usedBytes()
    const live = this.#live.bytes + this.#port.logBytes()
    const most = factor * live + more
    const { report } = this
    report.usedMax = Math.max(report.usedMax, used)
    report.liveMax = Math.max(report.liveMax, live)
    report.tightest = Math.max(report.tightest, used / most)
    if (used <= most) return
    const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
    throw new Error(
      `seed ${this.#seed}: after ${what} ${mib(used)} are used, ${mib(live)} are live, ` +
        `so ${mib(most)} at most may be`,
    )
  }
}
