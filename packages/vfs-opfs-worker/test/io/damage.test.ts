// A log that is wrong although its checksums are right, or that was cut after a clean close: EIO that says what.

import { encodeLine, openAccessHandle } from '@wasm-vfs/core/backend'
import { S_IFDIR, S_IFREG } from '@wasm-vfs/core'
import { describe, expect, it } from 'vitest'
import {
  closeSession,
  land,
  makeDirectory,
  openSession,
  put,
  SimulatedOpfs,
  sync,
} from './harness.ts'

const LOG = 'log-a.jsonl'

async function handleOf(opfs: SimulatedOpfs, name: string): Promise<FileSystemSyncAccessHandle> {
  const store = await opfs.root.getDirectoryHandle('store')
  const own = await store.getDirectoryHandle('.wasm-vfs')
  return await openAccessHandle(await own.getFileHandle(name), { path: name })
}

async function bytesOf(opfs: SimulatedOpfs, name: string): Promise<Uint8Array> {
  const handle = await handleOf(opfs, name)
  const bytes = new Uint8Array(handle.getSize())
  handle.read(bytes, { at: 0 })
  handle.close()
  return bytes
}

async function killed(): Promise<SimulatedOpfs> {
  const session = await openSession(new SimulatedOpfs())
  makeDirectory(session.vfs, '/d')
  put(session.vfs, '/d/a', 'a')
  put(session.vfs, '/b', 'b')
  await sync(session)
  await land(session)
  return new SimulatedOpfs({ image: session.opfs.image() })
}

/** As if the store had written one more line. */
async function withLine(content: object): Promise<SimulatedOpfs> {
  const opfs = await killed()
  const bytes = await bytesOf(opfs, LOG)
  const last = new TextDecoder().decode(bytes).trimEnd().split('\n').at(-1)!
  const { sum, seq } = JSON.parse(last) as { sum: string; seq: number }
  const body = { seq: seq + 1, durable: 0, ...content }
  const [line] = encodeLine(body, Number.parseInt(sum, 16))
  const handle = await handleOf(opfs, LOG)
  handle.write(line, { at: bytes.length })
  handle.close()
  return opfs
}

const TIMES = [0, 0, 0]

describe('a line with a right checksum', () => {
  it('that says what a store writes is taken', async () => {
    const session = await openSession(await withLine({ hot: [2], dirty: [3] }))
    expect(session.facts.length).toBeGreaterThan(3)
  })

  it.each<[object, RegExp]>([
    [{ turn: -1 }, /'turn' is -1/],
    [{ turn: 1.5 }, /'turn' is 1.5/],
    [{ frames: 1e300 }, /'frames' is 1e\+300/],
    [{ at: -5 }, /'at' is -5/],
    [{ voided: [0] }, /'voided' is \[0\]/],
    [{ voided: 7 }, /'voided' is 7/],
    [{ voided: [2] }, /'voided' is \[2\]/],
    [{ dirty: ['a'] }, /'dirty' is/],
    [{ hot: [-1] }, /'hot' is/],
    [{ made: [2.5] }, /'made' is/],
    [{ intent: ['../other/file'], since: 0 }, /'intent' is/],
    [{ intent: ['/a'], since: 0 }, /'intent' is/],
    [{ intent: ['.wasm-vfs/journal'], since: 0 }, /'intent' is/],
    [{ away: [[2, 'socket']] }, /'away' is/],
    [{ away: [[2, 'file', 'a//b']] }, /'away' is/],
    [{ moved: [[2, '..', 1]] }, /'moved' is/],
    [{ vacated: [['a']] }, /'vacated' is/],
    [{ born: [[2, -1]] }, /'born' is/],
    [{ voids: [[2]] }, /'voids' is/],
    [{ unmade: [999] }, /inode 999/],
    [{ done: 1 }, /'done' is 1/],
    [{ at: 1, facts: [['e', 1, 'x', 999]] }, /leads to inode 999, which does not exist/],
    [{ at: 1, facts: [['e', 1, '../x', 2]] }, /EIO/],
    [{ at: 1, facts: [['i', 9, S_IFREG, -1, ...TIMES]] }, /EIO/],
    [
      {
        at: 1,
        facts: [
          ['i', 90, S_IFDIR, 0, ...TIMES],
          ['i', 91, S_IFDIR, 0, ...TIMES],
          ['e', 90, 'x', 91],
          ['e', 91, 'y', 90],
        ],
      },
      /is in itself/,
    ],
    [{ at: 1, facts: [['e', 1, 'second', 2]] }, /which has another name/],
  ])('%j is EIO that says what', async (line, message) => {
    const opfs = await withLine(line)
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openSession(opfs)).rejects.toThrow(/^EIO/)
      await expect(openSession(opfs)).rejects.toThrow(message)
    }
  })
})

describe('the log of a closed store', () => {
  it('that is cut at any line is EIO, and nothing is lost by it', async () => {
    const session = await openSession(new SimulatedOpfs())
    for (let index = 0; index < 12; index++) {
      put(session.vfs, `/f${index}`, `file ${index}`)
      if (index % 3 === 0) await sync(session)
    }
    await closeSession(session)
    const whole = await bytesOf(session.opfs, LOG)
    let tried = 0
    for (let end = 0; end < whole.length; end = whole.indexOf(0x0a, end) + 1) {
      const cut = new SimulatedOpfs({ image: session.opfs.image() })
      const handle = await handleOf(cut, LOG)
      handle.truncate(end)
      handle.close()
      await expect(openSession(cut)).rejects.toThrow(/^EIO/)
      tried++
    }
    expect(tried).toBeGreaterThan(10)
    await openSession(session.opfs)
  })
})
