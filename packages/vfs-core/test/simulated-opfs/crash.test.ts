// What the simulation lets a crash leave, checked against what it says it does.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import {
  fingerprint,
  PowerLoss,
  SECTOR_SIZE,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'

const SETTLING_MS = 1000

async function openFile(
  opfs: SimulatedOpfs,
  name: string = 'file',
): Promise<FileSystemSyncAccessHandle> {
  const file = await opfs.root.getFileHandle(name, { create: true })
  return openAccessHandle(file, { path: name })
}

function every(loss: PowerLoss): DirectoryImage[] {
  const limits = { exhaustiveMax: Infinity, samples: 0 }
  return [...selections(loss, limits, new SeededRandom(1))].map((each) => loss.state(each))
}

/** Each file as `name: size [first byte of each sector]`. */
async function show(image: DirectoryImage): Promise<string> {
  const lines: string[] = []
  for await (const [name, handle] of new SimulatedOpfs({ image }).root.entries()) {
    if (handle.kind !== 'file') continue
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer())
    const sectors = [...bytes].filter((_, at) => at % SECTOR_SIZE === 0)
    lines.push(`${name}: ${bytes.length} ${sectors.join(',')}`)
  }
  return lines.sort().join('; ')
}

async function outcomes(opfs: SimulatedOpfs, now: number = Infinity): Promise<string[]> {
  const loss = new PowerLoss(opfs.image(), { now, settlingMs: SETTLING_MS })
  const shown = await Promise.all(every(loss).map((image) => show(image)))
  return [...new Set(shown)].sort()
}

const sectors = (...values: readonly number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(values.length * SECTOR_SIZE).map((_, at) => values[Math.floor(at / SECTOR_SIZE)]!)

describe('a power cut in the simulation', () => {
  it('leaves what was flushed, and of the rest any sectors and any size', async () => {
    const opfs = new SimulatedOpfs({ now: () => 0 })
    const file = await openFile(opfs)
    file.write(sectors(1, 1), { at: 0 })
    file.flush()
    expect(await outcomes(opfs)).toEqual(['file: 1024 1,1'])
    file.write(sectors(2, 2, 2), { at: 0 })
    expect(await outcomes(opfs)).toEqual(
      ['1,1', '1,2', '2,1', '2,2']
        .flatMap((two) => [`file: 1024 ${two}`, `file: 1536 ${two},0`, `file: 1536 ${two},2`])
        .sort(),
    )
    file.flush()
    expect(await outcomes(opfs)).toEqual(['file: 1536 2,2,2'])
  })

  it('leaves a sector as it was after one of its writes, never mixed', async () => {
    const opfs = new SimulatedOpfs({ now: () => 0 })
    const file = await openFile(opfs)
    file.write(sectors(1), { at: 0 })
    file.flush()
    file.write(Uint8Array.of(2), { at: 0 })
    file.write(Uint8Array.of(3), { at: 1 })
    const loss = new PowerLoss(opfs.image(), { now: Infinity, settlingMs: 0 })
    const starts = every(loss).map((image) => {
      const node = image.base.get('file')!
      return node.kind === 'file' ? [...node.base.sectors.get(0)!.subarray(0, 3)].join('') : ''
    })
    expect(starts.sort()).toEqual(['111', '211', '231'])
  })

  it('may bring a truncate back, and its bytes', async () => {
    const opfs = new SimulatedOpfs({ now: () => 0 })
    const file = await openFile(opfs)
    file.write(sectors(1, 1), { at: 0 })
    file.flush()
    file.truncate(SECTOR_SIZE)
    expect(await outcomes(opfs)).toEqual(['file: 1024 1,0', 'file: 1024 1,1', 'file: 512 1'])
  })

  it('may take any name that has not settled, whatever was flushed', async () => {
    const opfs = new SimulatedOpfs({ now: () => 500 })
    for (const name of ['a', 'b']) {
      const file = await openFile(opfs, name)
      file.write(sectors(1), { at: 0 })
      file.flush()
      file.close()
    }
    expect(await outcomes(opfs, 1499)).toEqual(['', 'a: 512 1', 'a: 512 1; b: 512 1', 'b: 512 1'])
    expect(await outcomes(opfs, 1500)).toEqual(['a: 512 1; b: 512 1'])
  })

  it('may bring back what was removed, and a moved file under its old name', async () => {
    let now = 0
    const opfs = new SimulatedOpfs({ now: () => now })
    const file = await openFile(opfs, 'old')
    file.write(sectors(1), { at: 0 })
    file.flush()
    file.close()
    now = 5000
    const handle = (await opfs.root.getFileHandle('old')) as FileSystemFileHandle & {
      move(name: string): Promise<void>
    }
    await handle.move('new')
    expect(await outcomes(opfs, now)).toEqual(['', 'new: 512 1', 'old: 512 1'])
    await opfs.root.removeEntry('new')
    expect(await outcomes(opfs, now)).toEqual(['', 'new: 512 1', 'old: 512 1'])
    expect(await outcomes(opfs, now + SETTLING_MS)).toEqual([''])
  })

  it('a kill takes nothing, and the next session still has it to flush', async () => {
    const opfs = new SimulatedOpfs({ now: () => 0 })
    const file = await openFile(opfs)
    file.write(sectors(7), { at: 0 })
    opfs.kill()
    expect(() => file.flush()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    const next = new SimulatedOpfs({ image: opfs.image(), now: () => 0 })
    expect(await show(next.image())).toBe('file: 512 7')
    expect(await outcomes(next)).toHaveLength(3)
    const again = await openFile(next)
    again.flush()
    expect(await outcomes(next)).toEqual(['file: 512 7'])
  })

  it('counts equal disks once', async () => {
    const opfs = new SimulatedOpfs({ now: () => 0 })
    const file = await openFile(opfs)
    file.write(sectors(1, 2), { at: 0 })
    const loss = new PowerLoss(opfs.image(), { now: Infinity, settlingMs: 0 })
    const keys = new Set(every(loss).map((image) => fingerprint(image)))
    expect(loss.total).toBe(8)
    expect(keys.size).toBe(5)
  })
})

describe('a fault in the simulation', () => {
  it('of a flush can lose what was dirty: a later flush succeeds, and only a reopen shows it', async () => {
    const opfs = new SimulatedOpfs({ now: () => 0 })
    const file = await openFile(opfs)
    file.write(sectors(1, 1), { at: 0 })
    file.flush()
    file.write(sectors(2), { at: 0 })
    opfs.watcher.fault = ({ kind }) => (kind === 'flush' ? { losesChanges: true } : undefined)
    expect(() => file.flush()).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    opfs.watcher = {}
    file.flush()
    const seen = new Uint8Array(1)
    file.read(seen, { at: 0 })
    expect(seen[0]).toBe(2)
    file.close()
    const reopened = await openFile(opfs)
    reopened.read(seen, { at: 0 })
    expect(seen[0]).toBe(1)
  })

  it('makes a call throw what it is told to, or write less', async () => {
    const opfs = new SimulatedOpfs()
    const file = await openFile(opfs)
    opfs.watcher.fault = ({ kind }) => (kind === 'write' ? { takes: 10 } : undefined)
    expect(file.write(sectors(1), { at: 0 })).toBe(10)
    expect(file.getSize()).toBe(10)
    opfs.watcher.fault = () => ({ throws: 'UnknownError' })
    expect(() => file.truncate(0)).toThrow(expect.objectContaining({ name: 'UnknownError' }))
    opfs.watcher = {}
    expect(file.getSize()).toBe(10)
  })

  it('is QuotaExceededError where the files would outgrow the quota, and changes nothing', async () => {
    const opfs = new SimulatedOpfs({ quota: 1000 })
    const file = await openFile(opfs)
    const quotaExceeded = expect.objectContaining({ name: 'QuotaExceededError' }) as Error
    file.write(sectors(1), { at: 0 })
    expect(() => file.write(sectors(2), { at: 512 })).toThrow(quotaExceeded)
    expect(() => file.truncate(1001)).toThrow(quotaExceeded)
    file.truncate(1000)
    file.write(sectors(3), { at: 0 })
    expect(file.getSize()).toBe(1000)
  })

  it('has back what a handle gave up only when it is closed', async () => {
    const opfs = new SimulatedOpfs({ quota: 1000 })
    const file = await openFile(opfs)
    file.truncate(1000)
    file.truncate(100)
    const other = await openFile(opfs, 'other')
    expect(() => other.truncate(1)).toThrow(
      expect.objectContaining({ name: 'QuotaExceededError' }) as Error,
    )
    file.truncate(500)
    file.close()
    other.truncate(500)
    expect(other.getSize()).toBe(500)
  })
})
