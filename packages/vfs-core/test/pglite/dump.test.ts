// dumpDataDir: the tar that the adapter writes, read by PGlite and by an independent reader.

import { PGlite } from '@electric-sql/pglite'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../../src/index.ts'
import { ROOT_INO, walk } from '../../src/contract/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { dumpTar } from '../../src/pglite/tar.ts'
import { openDatabase } from './databases.ts'

const SLOW = 120_000

interface Entry {
  readonly name: string
  readonly type: string
  readonly mode: number
  readonly mtime: number
  readonly target: string
  readonly content: string
}

/** As POSIX describes ustar; checks each header's sum. */
function untar(archive: Uint8Array): Entry[] {
  const ascii = (at: number, length: number): string => {
    const field = archive.subarray(at, at + length)
    const end = field.indexOf(0)
    return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end))
  }
  const entries: Entry[] = []
  let at = 0
  while (archive[at] !== 0) {
    const header = archive.slice(at, at + 512)
    expect(ascii(at + 257, 6)).toBe('ustar')
    const sum = Number.parseInt(ascii(at + 148, 8), 8)
    header.fill(0x20, 148, 156)
    expect(header.reduce((total, byte) => total + byte, 0)).toBe(sum)
    const size = Number.parseInt(ascii(at + 124, 12), 8)
    const prefix = ascii(at + 345, 155)
    entries.push({
      name: (prefix === '' ? '' : `${prefix}/`) + ascii(at, 100),
      mode: Number.parseInt(ascii(at + 100, 8), 8),
      mtime: Number.parseInt(ascii(at + 136, 12), 8),
      type: ascii(at + 156, 1),
      target: ascii(at + 157, 100),
      content: new TextDecoder().decode(archive.subarray(at + 512, at + 512 + size)),
    })
    at += 512 + Math.ceil(size / 512) * 512
  }
  expect(archive.subarray(at).every((byte) => byte === 0)).toBe(true)
  expect(archive.length - at).toBe(1024)
  return entries
}

async function untarBlob(blob: Blob): Promise<Entry[]> {
  return untar(new Uint8Array(await blob.arrayBuffer()))
}

describe('the tar', () => {
  it('holds files, empty directories, symlinks, modes, times and long names', async () => {
    const vfs = await openMemory()
    const put = (path: string, content: string): void => {
      const cut = path.lastIndexOf('/')
      const parent = cut === -1 ? ROOT_INO : walk(vfs, path.slice(0, cut))
      const ino = vfs.create(parent, path.slice(cut + 1), 0o640)
      vfs.write(ino, new TextEncoder().encode(content), 0)
      vfs.setattr(ino, { mtime: 1_700_000_000_999 })
    }
    const long = 'd'.repeat(90)
    const nested = vfs.mkdir(vfs.mkdir(ROOT_INO, long, 0o700), 'naïve', 0o755)
    vfs.symlink(nested, 'link', '../target')
    put('empty', '')
    put('exact', 'x'.repeat(512))
    put(`${long}/naïve/${'f'.repeat(60)}`, 'deep')

    const file = { mode: 0o640, type: '0', mtime: 1_700_000_000, target: '' }
    expect(await untarBlob(await dumpTar(vfs, 'db', 'none'))).toMatchObject([
      { name: `${long}/`, type: '5', mode: 0o700, content: '' },
      { name: `${long}/naïve/`, type: '5', mode: 0o755, content: '' },
      { name: `${long}/naïve/link`, type: '2', target: '../target', content: '' },
      { ...file, name: `${long}/naïve/${'f'.repeat(60)}`, content: 'deep' },
      { ...file, name: 'empty', content: '' },
      { ...file, name: 'exact', content: 'x'.repeat(512) },
    ])
  })

  it('says so where the format ends', async () => {
    const vfs = await openMemory()
    vfs.create(ROOT_INO, 'n'.repeat(101), 0o644)
    const dump = dumpTar(vfs, 'db', 'none')
    await expect(dump).rejects.toMatchObject({ code: 'ENAMETOOLONG', operation: 'dumpTar' })
  })

  it('is named and compressed as asked', async () => {
    const vfs = await openMemory()
    vfs.create(ROOT_INO, 'f', 0o644)
    expect(await dumpTar(vfs, 'db', 'none')).toMatchObject({
      name: 'db.tar',
      type: 'application/x-tar',
    })
    for (const compression of ['gzip', 'auto'] as const) {
      const zipped = await dumpTar(vfs, 'db', compression)
      expect(zipped).toMatchObject({ name: 'db.tar.gz', type: 'application/x-gzip' })
      const plain = zipped.stream().pipeThrough(new DecompressionStream('gzip'))
      const entries = await untarBlob(await new Response(plain).blob())
      expect(entries.map(({ name }) => name)).toEqual(['f'])
    }
  })
})

describe('a dumped database', () => {
  it.each(['none', 'gzip'] as const)(
    'loads in an in-memory PGlite and on another Vfs (%s)',
    async (compression) => {
      const { pg } = await openDatabase()
      await pg.exec('CREATE TABLE t AS SELECT n, md5(n::text) AS h FROM generate_series(1, 500) n')
      const loadDataDir = await pg.dumpDataDir(compression)
      await pg.close()

      const loaded = await PGlite.create({ loadDataDir })
      const sum = 'SELECT count(*)::int, md5(string_agg(h, $1 ORDER BY n)) FROM t'
      const { rows } = await loaded.query<{ count: number }>(sum, [','])
      expect(rows[0]?.count).toBe(500)
      await loaded.close()

      const moved = await PGlite.create(pgliteOptions(await openMemory(), { loadDataDir }))
      expect((await moved.query(sum, [','])).rows).toEqual(rows)
      await moved.close()
    },
    SLOW,
  )
})
