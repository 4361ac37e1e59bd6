// A log that was closed is whole or damaged, never torn: wherever its end is cut away, and whatever byte of it
// rots, the next open says so. And no kill and no power cut makes an open say so.

import {
  fingerprint,
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'
import { bytesOf, logOn, numbersOf, overwrite, SLOTS, type NumberLog } from './log-on-opfs.ts'

const NEWLINE = 0x0a
const FILLER = 'x'.repeat(150)

/** A store as its sessions see it: numbers from 1 on, and how many of them are known to be on storage. */
class Store {
  readonly opfs: SimulatedOpfs
  log!: NumberLog
  appended: number
  durable: number

  constructor(found: Partial<Moment> = {}) {
    const { image, durable = 0, appended = 0 } = found
    this.opfs = new SimulatedOpfs(image === undefined ? {} : { image })
    this.durable = durable
    this.appended = appended
  }

  async open(): Promise<void> {
    this.log = await logOn(this.opfs)
    const loaded = this.log.load()
    const found = numbersOf(loaded?.lines ?? [])
    const { durable, appended } = this
    const isWhole = found.every((number, at) => number === at + 1)
    if (!isWhole || found.length < durable || found.length > appended) {
      throw new Error(`1 to ${durable}, or up to ${appended}, should be there: ${found.join()}`)
    }
    this.appended = found.length
    if (loaded === undefined) this.log.initialize([{ numbers: [] }])
    else this.log.begin()
    this.durable = this.appended
  }

  append(): void {
    this.appended++
    this.log.append({ numbers: [this.appended], filler: FILLER })
  }

  flush(): void {
    this.log.flush()
    this.durable = this.appended
  }

  checkpoint(): void {
    const image = [{ numbers: upTo(this.appended), filler: FILLER }]
    if (!this.log.checkpoint(image)) throw new Error('an image could not be written')
    this.durable = this.appended
  }

  close(): void {
    this.log.close(true)
    this.durable = this.appended
  }
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

type Step = 'open' | 'append' | 'flush' | 'checkpoint' | 'close'

/** Sessions of a store, each a list of steps. */
const WORKLOADS: readonly (readonly Step[])[] = [
  ['open', 'close'],
  ['open', 'append', 'append', 'close', 'open', 'close'],
  ['open', 'append', 'flush', 'append', 'close', 'open', 'append', 'flush', 'append', 'close'],
  ['open', 'append', 'checkpoint', 'append', 'close', 'open', 'append', 'close'],
  ['open', 'append', 'close', 'open', 'checkpoint', 'append', 'checkpoint', 'append', 'close'],
  ['open', 'close', 'open', 'append', 'checkpoint', 'close', 'open', 'checkpoint', 'close'],
]

async function run(store: Store, steps: readonly Step[]): Promise<void> {
  // The order of the steps is what is tested.
  // oxlint-disable-next-line no-await-in-loop
  for (const step of steps) await store[step]()
}

interface Moment {
  readonly image: DirectoryImage
  /** Numbers that are on storage, and all that there are. */
  readonly durable: number
  readonly appended: number
}

/** What is on the disk after each call of `work` that changed something. */
async function momentsOf(store: Store, work: () => Promise<void>): Promise<Moment[]> {
  const moments: Moment[] = []
  const take = (): void => {
    const { durable, appended } = store
    moments.push({ image: store.opfs.image(), durable, appended })
  }
  store.opfs.watcher = { changed: take }
  await work()
  take()
  store.opfs.watcher = {}
  return moments
}

/** What a kill and power cuts may leave at this moment; names have settled. */
function crashesAt(moment: Moment, statesMax: number): Moment[] {
  const loss = new PowerLoss(moment.image, { now: Infinity, settlingMs: 0 })
  const limits = { exhaustiveMax: statesMax, samples: statesMax }
  const cuts = [...selections(loss, limits, new SeededRandom(1))].map((each) => loss.state(each))
  return [moment.image, ...cuts].map((image) => ({ ...moment, image }))
}

/** Opens what a crash has left, adds to it, closes it, and looks at it. Returns the moments of that. */
async function check(found: Moment): Promise<Moment[]> {
  const store = new Store(found)
  const moments = await momentsOf(store, () => run(store, ['open', 'append', 'close']))
  const again = await logOn(store.opfs)
  const loaded = again.load()
  again.close(false)
  expect(loaded?.closed).toBe(true)
  expect(numbersOf(loaded!.lines)).toEqual(upTo(store.appended))
  return moments
}

async function closed(steps: readonly Step[]): Promise<Store> {
  const store = new Store()
  await run(store, steps)
  return store
}

/** The slot in use is the longer one: the mark in the other is one short line. */
async function slotsOf(store: Store): Promise<{ log: string; mark: string }> {
  const [a, b] = SLOTS
  const aIsLog = (await bytesOf(store.opfs, a)).length > (await bytesOf(store.opfs, b)).length
  return aIsLog ? { log: a, mark: b } : { log: b, mark: a }
}

async function load(image: DirectoryImage, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const opfs = new SimulatedOpfs({ image })
  await overwrite(opfs, name, bytes)
  const log = await logOn(opfs)
  try {
    return log.load()
  } finally {
    log.close(false)
  }
}

it('an image of which a byte behind its header has rotted is EIO, closed or not', async () => {
  const store = await closed(['open', 'append', 'checkpoint'])
  const image = store.opfs.image()
  const { log } = await slotsOf(store)
  const bytes = await bytesOf(store.opfs, log)
  for (let at = bytes.indexOf(NEWLINE) + 1; at < bytes.length; at++) {
    const rotten = bytes.slice()
    rotten[at]! ^= 1
    // oxlint-disable-next-line no-await-in-loop
    await expect(load(image, log, rotten)).rejects.toThrow(/EIO.*damaged/)
  }
})

it('a full disk prevents no close: the next open flushes what it finds', async () => {
  const store = await closed(['open', 'append'])
  // Room for the closing line, and none for the mark.
  store.opfs.quota = store.opfs.used + 100
  store.close()
  store.opfs.quota = Infinity
  const log = await logOn(store.opfs)
  const loaded = log.load()
  expect(loaded?.closed).toBe(false)
  expect(numbersOf(loaded!.lines)).toEqual([1])
})

describe.each(WORKLOADS.map((steps) => ({ steps, name: steps.join(', ') })))(
  'a log after $name',
  ({ steps }) => {
    it('whose end is cut away anywhere is EIO', async () => {
      const store = await closed(steps)
      const image = store.opfs.image()
      const { log } = await slotsOf(store)
      const bytes = await bytesOf(store.opfs, log)
      for (let length = 0; length < bytes.length; length++) {
        // oxlint-disable-next-line no-await-in-loop
        await expect(load(image, log, bytes.slice(0, length))).rejects.toThrow(
          length === 0 ? /EIO.*closed.*nothing is left/ : /EIO.*closed.*damaged/,
        )
      }
    })

    it('of which any byte has rotted is EIO', async () => {
      const store = await closed(steps)
      const image = store.opfs.image()
      const { log } = await slotsOf(store)
      const bytes = await bytesOf(store.opfs, log)
      for (let at = 0; at < bytes.length; at++) {
        const rotten = bytes.slice()
        rotten[at]! ^= 1
        // oxlint-disable-next-line no-await-in-loop
        await expect(load(image, log, rotten)).rejects.toThrow(/EIO/)
      }
    })

    it('needs its mark for no more than that', async () => {
      const store = await closed(steps)
      const image = store.opfs.image()
      const { mark } = await slotsOf(store)
      const bytes = await bytesOf(store.opfs, mark)
      expect((await load(image, mark, bytes))?.closed).toBe(true)
      for (let length = 0; length < bytes.length; length++) {
        // oxlint-disable-next-line no-await-in-loop
        const loaded = await load(image, mark, bytes.slice(0, length))
        expect(loaded?.closed).toBe(false)
        expect(numbersOf(loaded!.lines)).toEqual(upTo(store.appended))
      }
    })

    it('is known to be closed after a power cut', async () => {
      const store = await closed(steps)
      const { durable, appended } = store
      for (const { image } of crashesAt({ image: store.opfs.image(), durable, appended }, 64)) {
        // oxlint-disable-next-line no-await-in-loop
        const log = await logOn(new SimulatedOpfs({ image }))
        expect(log.load()?.closed).toBe(true)
      }
    })

    it('opens after any crash, and after a crash of that open, with all that was on storage', async () => {
      const seen = new Set<string>()
      const isNew = ({ image, durable, appended }: Moment): boolean =>
        seen.size < seen.add(`${fingerprint(image)} ${durable} ${appended}`).size
      const store = new Store()
      for (const moment of await momentsOf(store, () => run(store, steps))) {
        for (const first of crashesAt(moment, 64).filter(isNew)) {
          // oxlint-disable-next-line no-await-in-loop
          for (const later of await check(first)) {
            // oxlint-disable-next-line no-await-in-loop
            for (const second of crashesAt(later, 8).filter(isNew)) await check(second)
          }
        }
      }
      expect(seen.size).toBeGreaterThan(50)
    })
  },
)
