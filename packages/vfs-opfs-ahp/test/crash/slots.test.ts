// Which of the two state slots an open goes on with when a crash has left both, and when what is wrong
// with one of them is damage.

import {
  encodeLine,
  openAccessHandle,
  type HeaderBody,
  type LineBody,
} from '@wasm-vfs/core/backend'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'
import { FORMAT, FORMAT_VERSION, STATE_FILES } from '../../src/layout.ts'
import { StateLog, type StateLine } from '../../src/log/state-log.ts'
import { FlushOrder } from '../../src/pool/flush-order.ts'
import { newCounters } from '../../src/storage/counters.ts'

const LINES = 6

/** A whole slot of one image and some commits, each of which knows the one before to be on storage. */
function slotOf(generation: number): { bytes: Uint8Array<ArrayBuffer>; starts: number[] } {
  const header: HeaderBody = {
    seq: 1,
    durable: 0,
    format: FORMAT,
    version: FORMAT_VERSION,
    generation,
    age: 0,
    epoch: `${generation}`,
  }
  const lines: (HeaderBody | LineBody<StateLine>)[] = [
    header,
    { seq: 2, durable: 0, facts: [], image: 'end' },
  ]
  for (let seq = 3; seq <= LINES; seq++) {
    lines.push({ seq, durable: seq - 1, facts: [['n', 100 * generation + seq]] })
  }
  let sum = 0
  const parts: number[] = []
  const starts: number[] = []
  for (const line of lines) {
    const [bytes, next] = encodeLine(line, sum)
    starts.push(parts.length)
    parts.push(...bytes)
    sum = next
  }
  return { bytes: Uint8Array.from(parts), starts }
}

function damaged(generation: number, line: number): Uint8Array<ArrayBuffer> {
  const { bytes, starts } = slotOf(generation)
  bytes[starts[line]! + 30]! ^= 1
  return bytes
}

async function load(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const { root } = new SimulatedOpfs()
  for (const [index, bytes] of [a, b].entries()) {
    const file = await root.getFileHandle(STATE_FILES[index]!, { create: true })
    const access = await openAccessHandle(file, { path: file.name })
    access.write(bytes, { at: 0 })
    access.close()
  }
  const level = { current: 'strict' } as const
  const log = await StateLog.open({
    directory: root,
    counters: newCounters(),
    level,
    order: new FlushOrder(0),
  })
  try {
    return log.load()?.facts.at(-1)
  } finally {
    await log.close(false)
  }
}

const NOTHING = new Uint8Array(0)

describe('of two state slots', () => {
  it('the newer whole one counts', async () => {
    expect(await load(slotOf(1).bytes, slotOf(2).bytes)).toEqual({ type: 'next', ino: 206 })
    expect(await load(slotOf(3).bytes, slotOf(2).bytes)).toEqual({ type: 'next', ino: 306 })
    expect(await load(NOTHING, slotOf(2).bytes)).toEqual({ type: 'next', ino: 206 })
  })

  it('the older one may be in any state, for a checkpoint was emptying it', async () => {
    for (let line = 0; line < LINES; line++) {
      expect(await load(damaged(1, line), slotOf(2).bytes)).toEqual({ type: 'next', ino: 206 })
    }
  })

  it('the newer one may lack its header, for a checkpoint was writing it', async () => {
    expect(await load(slotOf(1).bytes, damaged(2, 0))).toEqual({ type: 'next', ino: 106 })
  })

  it('damage in the newer one is EIO, whether the older one is whole or not', async () => {
    for (const older of [slotOf(1).bytes, damaged(1, 3), NOTHING]) {
      await expect(load(older, damaged(2, 3))).rejects.toThrow(/EIO.*line 4.*damaged/)
    }
  })

  it('a single one without its header is EIO', async () => {
    await expect(load(NOTHING, damaged(2, 0))).rejects.toThrow(/EIO.*damaged/)
  })
})
