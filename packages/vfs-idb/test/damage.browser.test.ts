// What a browser's database can lose or change is found when a store is opened: EIO says what it is, and
// nothing is changed.

import { ROOT_INO, VfsError, type Vfs } from '@wasm-vfs/core'
import { deleteIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it } from 'vitest'
import { checksumOf } from '../src/checksum.ts'
import { decodeHead, encodeBatch, encodeHead, sealRecord } from '../src/codec.ts'
import { CHUNK_SIZE, SEGMENT_CHUNKS, type Head, type HeadRecord } from '../src/layout.ts'
import { encodeSession } from '../src/session.ts'
import { inRaw, recordsOf, resultOf, withStore } from './raw.ts'

const SEGMENT_BYTES = SEGMENT_CHUNKS * CHUNK_SIZE

/** A file of three segments, and two commits in the log: a directory, and a page of the file. */
async function makeStore(name: string): Promise<number> {
  let vfs = await openIdb(name)
  const file = vfs.create(ROOT_INO, 'a', 0o644)
  for (const at of [0, 1, 2])
    vfs.write(file, new Uint8Array(SEGMENT_BYTES).fill(at + 1), at * SEGMENT_BYTES)
  await vfs.close()
  vfs = await openIdb(name)
  vfs.mkdir(ROOT_INO, 'directory', 0o755)
  await vfs.sync()
  vfs.write(file, new Uint8Array(8192).fill(2), 8192)
  await vfs.sync()
  // A store that is closed clean has no log, so what it had before is put back.
  const { log, segments } = await recordsOf(name)
  const state = await inRaw(name, (each) => resultOf<object[]>(each.objectStore('state').getAll()))
  await vfs.close()
  await inRaw(name, (each) => {
    each.objectStore('segments').clear()
    for (const record of segments) each.objectStore('segments').put(record, record.id)
    for (const record of log) each.objectStore('log').put(record, record.sequence)
    for (const record of state) each.objectStore('state').put(record)
  })
  return file
}

type Spoil = (transaction: IDBTransaction, file: number) => unknown

/** Changes one record by hand. */
async function change(
  transaction: IDBTransaction,
  store: string,
  key: number,
  changes: object,
): Promise<void> {
  const records = transaction.objectStore(store)
  const record = await resultOf<object>(records.get(key))
  records.put({ ...record, ...changes }, key)
}

/** As a faulty version might write it: the checksum is right. */
async function changeHead(
  transaction: IDBTransaction,
  changes: (head: Head) => Partial<Head>,
): Promise<void> {
  const state = transaction.objectStore('state')
  const head = decodeHead(await resultOf<HeadRecord>(state.get('head')))
  state.put(encodeHead({ ...head, ...changes(head) }))
}

/** Of segment 1. */
const content = (): Uint8Array => new Uint8Array(SEGMENT_BYTES).fill(2)

const spoilings: readonly [string, RegExp, Spoil][] = [
  [
    'a segment is missing',
    /segment 1 is missing/,
    (each) => each.objectStore('segments').delete(1),
  ],
  [
    'all segments are missing',
    /segment 0 is missing/,
    (each) => each.objectStore('segments').clear(),
  ],
  [
    'one bit of a segment has changed',
    /segment 1, with content of inode 2, is not as it was written/,
    (each) => change(each, 'segments', 1, { bytes: content().fill(3, 777, 778) }),
  ],
  [
    'a segment is shorter',
    /segment 1, .* is not as it was written/,
    (each) => change(each, 'segments', 1, { bytes: content().subarray(8192) }),
  ],
  [
    'a segment is in the place of another',
    /segment 1, .* is not as it was written/,
    async (each) => {
      const other = await resultOf<object>(each.objectStore('segments').get(0))
      await change(each, 'segments', 1, { ...other, id: 1 })
    },
  ],
  [
    'a segment is text',
    /segment 0, .* is not as it was written/,
    (each) => change(each, 'segments', 0, { bytes: 'text' }),
  ],
  [
    'a segment that belongs to nothing',
    /4 segments, of which 3 are known/,
    (each) => each.objectStore('segments').put({ id: 99, bytes: content() }, 99),
  ],
  ['a commit is missing', /commit 0 is missing/, (each) => each.objectStore('log').delete(0)],
  [
    'one bit of a commit has changed',
    /commit 1 is not as it was written/,
    (each) => change(each, 'log', 1, { bytes: new Uint8Array(8192).fill(2, 1) }),
  ],
  [
    'the facts of a commit have changed',
    /commit 0 is not as it was written/,
    (each) => change(each, 'log', 0, { facts: '[]' }),
  ],
  [
    'a commit with facts of an unknown form',
    /unknown form: \["z",5\]/,
    (each) => {
      const bytes = new Uint8Array(0)
      const record = { sequence: 0, part: 0, last: true, facts: '[["z",5]]', bytes }
      each.objectStore('log').put(sealRecord(record), 0)
    },
  ],
  ['no head', /list of all files is missing/, (each) => each.objectStore('state').delete('head')],
  [
    'the head has changed',
    /list of all files is not as it was written/,
    async (each) => {
      const state = each.objectStore('state')
      const record = await resultOf<HeadRecord>(state.get('head'))
      state.put({ ...record, bytes: record.bytes.with(40, 32) })
    },
  ],
  [
    'no root',
    /root is not a directory/,
    async (each) => {
      each.objectStore('log').clear()
      await changeHead(each, ({ facts }) => ({
        facts: facts.filter(([letter, ino]) => letter !== 'i' || ino !== ROOT_INO),
      }))
    },
  ],
  ['content of no file', /content of inode 77, which is no file/, (each) => logChunk(each, 77, 0)],
  [
    'content beyond the end of its file',
    /has 2949120 bytes and yet a chunk 360/,
    (each, file) => logChunk(each, file, 3 * SEGMENT_CHUNKS),
  ],
  [
    'a name that leads nowhere',
    /'c' leads to inode 99/,
    (each) => {
      const entry = { type: 'entry', parent: ROOT_INO, name: 'c', ino: 99 } as const
      each.objectStore('log').put(encodeBatch(2, { facts: [entry], content: [] })[0], 2)
    },
  ],
  [
    'a segment of another size',
    /segment 1 cannot have 99999 places/,
    (each) =>
      changeHead(each, ({ segments }) => ({
        segments: segments.map((entry) => (entry.id === 1 ? { ...entry, chunks: 99_999 } : entry)),
      })),
  ],
  [
    'two places for one chunk',
    /1 chunks have two places/,
    (each) =>
      changeHead(each, ({ segments }) => ({
        segments: segments.map((entry) =>
          entry.id === 1 ? { ...entry, runs: [[0, 2, 119, 2] as const] } : entry,
        ),
      })),
  ],
  [
    'a commit is lost although the store was closed after it',
    /was closed after commit 1, and commit 1 is missing/,
    (each) => {
      each.objectStore('state').put(encodeSession(2))
      each.objectStore('log').delete(1)
    },
  ],
  [
    'the whole log is lost although the store was closed after it',
    /was closed after commit 1, and commit 0 is missing/,
    (each) => {
      each.objectStore('state').put(encodeSession(2))
      each.objectStore('log').clear()
    },
  ],
  [
    'the mark of the last session has changed',
    /mark of the last session is not as it was written/,
    (each) => each.objectStore('state').put({ ...encodeSession(2), end: 1 }),
  ],
]

function logChunk(transaction: IDBTransaction, ino: number, index: number): void {
  const chunk = { type: 'chunk', ino, index, bytes: Uint8Array.of(1) } as const
  transaction.objectStore('log').put(encodeBatch(2, { facts: [], content: [chunk] })[0], 2)
}

describe('damage is EIO, says what it is, and nothing is changed', () => {
  it.each(spoilings)('%s', async (title, message, spoil) => {
    const name = `damaged: ${title}`
    const file = await makeStore(name)
    await inRaw(name, (each) => spoil(each, file))
    const records = (): Promise<string> =>
      inRaw(name, async (each) => {
        const stores = [...each.objectStoreNames].map((store) => each.objectStore(store))
        return JSON.stringify(
          await Promise.all(stores.map((store) => resultOf<unknown[]>(store.getAll()))),
          (_, value: unknown) => (value instanceof Uint8Array ? checksumOf(value) : value),
        )
      })
    const before = await records()
    for (let attempt = 0; attempt < 2; attempt++) {
      const error: unknown = await openIdb(name).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(VfsError)
      expect((error as VfsError).code).toBe('EIO')
      expect((error as VfsError).operation).toBe('open')
      expect((error as VfsError).message).toMatch(message)
    }
    expect(await records()).toBe(before)
    await deleteIdb(name)
  })
})

describe('a store that was closed', () => {
  it('and is found as it was before its close is damaged', async () => {
    const name = 'damage-closed'
    const vfs = await openIdb(name)
    const head = await inRaw(name, (each) => resultOf(each.objectStore('state').get('head')))
    vfs.mkdir(ROOT_INO, 'directory', 0o755)
    await vfs.sync()
    await vfs.close()
    await inRaw(name, (each) => each.objectStore('state').put(head))
    await expect(openIdb(name)).rejects.toMatchObject({
      code: 'EIO',
      // The root of a new store may have been a commit of its own.
      message: expect.stringMatching(
        /was closed after commit [01], and commit 0 is missing/,
      ) as string,
    })
    await deleteIdb(name)
  })

  it('and could not be folded then says where its log ends', async () => {
    const name = 'damage-closed-unfolded'
    const vfs = await openIdb(name)
    vfs.mkdir(ROOT_INO, 'directory', 0o755)
    await vfs.sync()
    const { put } = IDBObjectStore.prototype
    try {
      IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
        if ((value as { key?: string }).key !== 'head') return put.call(this, value, key)
        throw new DOMException('no space', 'QuotaExceededError')
      }
      await vfs.close()
    } finally {
      IDBObjectStore.prototype.put = put
    }
    const last = (await recordsOf(name)).log.at(-1)!
    await inRaw(name, (each) => each.objectStore('log').delete(last.sequence))
    await expect(openIdb(name)).rejects.toMatchObject({
      code: 'EIO',
      message: expect.stringContaining(`commit ${last.sequence} is missing`) as string,
    })
    await inRaw(name, (each) => each.objectStore('log').put(last, last.sequence))
    await withStore(name, async (again) => {
      expect(again.readdir(ROOT_INO).map((entry) => entry.name)).toEqual(['directory'])
    })
  })
})

describe('a sync whose transaction the browser kept in part', () => {
  const BYTES = 100_000
  const bytes = (value: number): Uint8Array => new Uint8Array(BYTES).fill(value)

  /** A file of ones, synced; in one further sync, of several records, it becomes twos, and another file is made. */
  async function makeTwo(name: string): Promise<{ file: number; records: number[] }> {
    const vfs = await openIdb(name)
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    vfs.write(file, bytes(1), 0)
    await vfs.sync()
    const before = (await recordsOf(name)).log.length
    vfs.write(file, bytes(2), 0)
    vfs.create(ROOT_INO, 'other', 0o644)
    await vfs.sync()
    const { log } = await recordsOf(name)
    const state = await inRaw(name, (each) =>
      resultOf<object[]>(each.objectStore('state').getAll()),
    )
    await vfs.close()
    await inRaw(name, (each) => {
      each.objectStore('segments').clear()
      for (const record of log) each.objectStore('log').put(record, record.sequence)
      for (const record of state) each.objectStore('state').put(record)
    })
    const records = log.slice(before).map(({ sequence }) => sequence)
    expect(records.length).toBeGreaterThan(2)
    return { file, records }
  }

  const contentOf = (vfs: Vfs, file: number): number[] => {
    const content = new Uint8Array(BYTES)
    vfs.read(file, content, 0)
    return [...new Set(content)]
  }
  const names = (vfs: Vfs): string[] => vfs.readdir(ROOT_INO).map(({ name }) => name)

  it('is there if it is whole', async () => {
    const { file } = await makeTwo('damage-part-none')
    await withStore('damage-part-none', async (vfs) => {
      expect([names(vfs), contentOf(vfs, file)]).toEqual([['file', 'other'], [2]])
    })
  })

  it.each([
    ['its last record', (records: number[]) => records.slice(-1)],
    ['its first record', (records: number[]) => records.slice(0, 1)],
    ['one in its middle', (records: number[]) => records.slice(1, 2)],
    ['all but its first', (records: number[]) => records.slice(1)],
    ['all but its last', (records: number[]) => records.slice(0, -1)],
  ])('is undone if it lacks %s, and the store is written on', async (which, lost) => {
    const name = `damage-part-${which}`
    const { file, records } = await makeTwo(name)
    await inRaw(name, (each) => {
      for (const key of lost(records)) each.objectStore('log').delete(key)
    })
    const vfs = await openIdb(name)
    expect([names(vfs), contentOf(vfs, file)]).toEqual([['file'], [1]])
    vfs.create(ROOT_INO, 'new', 0o644)
    await vfs.sync()
    // What was left of it has gone with the first sync that takes its place.
    const { log } = await recordsOf(name)
    expect(log.at(-1)).toMatchObject({ sequence: records[0], part: 0, last: true })
    await vfs.close()
    await withStore(name, async (vfs) => {
      expect([names(vfs), contentOf(vfs, file)]).toEqual([['file', 'new'], [1]])
    })
  })

  it('is undone also if nothing is written before the next opening', async () => {
    const name = 'damage-part-twice'
    const { file, records } = await makeTwo(name)
    await inRaw(name, (each) => each.objectStore('log').delete(records.at(-1)!))
    for (let opening = 0; opening < 2; opening++) {
      const vfs = await openIdb(name)
      expect([names(vfs), contentOf(vfs, file)]).toEqual([['file'], [1]])
      await vfs.close()
    }
    await deleteIdb(name)
  })

  it('is damage if another follows it', async () => {
    const name = 'damage-part-followed'
    const { records } = await makeTwo(name)
    const next = records.at(-1)! + 1
    const hole = { type: 'hole', ino: 2, index: 0 } as const
    await inRaw(name, (each) => {
      each.objectStore('log').delete(records[1]!)
      each.objectStore('log').put(encodeBatch(next, { facts: [], content: [hole] })[0], next)
    })
    await expect(openIdb(name)).rejects.toMatchObject({
      code: 'EIO',
      message: expect.stringContaining(`commit ${records[1]} is missing`) as string,
    })
    await deleteIdb(name)
  })
})

describe('what is counted stays right', () => {
  it('through growth, cuts, holes, links, renames and removals, synced and refused', () =>
    withStore('damage-counts', async (vfs, again) => {
      let open = vfs
      const file = open.create(ROOT_INO, 'file', 0o644)
      const chunk = new Uint8Array(32_768).fill(1)
      for (const index of [0, 1, 2, 7]) open.write(file, chunk, index * 32_768)
      await open.sync()
      open.write(file, new Uint8Array(32_768), 32_768)
      open.truncate(file, 5 * 32_768)
      open.write(file, chunk, 3 * 32_768)
      open.link(file, ROOT_INO, 'second')
      open.rename(ROOT_INO, 'second', ROOT_INO, 'file 2')
      const { put } = IDBObjectStore.prototype
      try {
        IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
          if (this.name !== 'state') throw new DOMException('no space', 'QuotaExceededError')
          return put.call(this, value, key)
        }
        await expect(open.sync()).rejects.toMatchObject({ code: 'ENOSPC' })
      } finally {
        IDBObjectStore.prototype.put = put
      }
      open.truncate(file, 3 * 32_768)
      open.unlink(ROOT_INO, 'file')
      open = await again()
      expect(open.readdir(ROOT_INO).map(({ name }) => name)).toEqual(['file 2'])
      const content = new Uint8Array(3 * 32_768)
      open.read(file, content, 0)
      const expected = new Uint8Array(3 * 32_768).fill(1).fill(0, 32_768, 2 * 32_768)
      expect(content).toEqual(expected)
      open.acquire(file)
      open.unlink(ROOT_INO, 'file 2')
      await open.sync()
      open = await again()
      expect(open.readdir(ROOT_INO)).toEqual([])
      await open.sync()
      expect((await again()).statfs().files).toBe(1)
    }))
})
