// The faults of PGlite's own glue for custom file systems (0.5.16), each shown not to be in ours, in
// PGlite's own module.

import type { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT_INO, VfsError, walk } from '../../src/contract/index.ts'
import { bytes, expectErrno, O } from '../emscripten/behaviour.ts'
import type { Instrumented } from '../emscripten/instrumented.ts'
import type { TestFS } from '../emscripten/test-fs.ts'
import { emptyClusterDump, openDatabase, settled } from './databases.ts'

const PGDATA = '/pglite/data'

describe("faults of PGlite's own glue", () => {
  let pg: PGlite
  let FS: TestFS
  let instrumented: Instrumented

  beforeAll(async () => {
    const database = await openDatabase()
    pg = database.pg
    instrumented = database.instrumented
    FS = pg.Module.FS as TestFS
  }, 120_000)

  afterAll(() => pg.close())

  it('write passes the whole ArrayBuffer and loses byteOffset: ours writes the view', () => {
    const page = new Uint8Array(bytes('....page....').buffer, 4, 4)
    FS.writeFile(`${PGDATA}/probe`, page)
    expect(FS.readFile(`${PGDATA}/probe`, { encoding: 'utf8' })).toBe('page')
    FS.unlink(`${PGDATA}/probe`)
  })

  it('unlink swallows errors: ours reports them and keeps the file', () => {
    FS.writeFile(`${PGDATA}/probe`, 'x')
    instrumented.failOn('unlink', new VfsError('EIO', 'unlink'))
    expectErrno(FS, 'EIO', () => FS.unlink(`${PGDATA}/probe`))
    instrumented.before = undefined
    expect(FS.analyzePath(`${PGDATA}/probe`).exists).toBe(true)
    FS.unlink(`${PGDATA}/probe`)
    expect(FS.analyzePath(`${PGDATA}/probe`).exists).toBe(false)
  })

  it('open passes no flags: ours keeps those that outlive the open', () => {
    const stream = FS.open(`${PGDATA}/probe`, O.WRONLY | O.CREAT | O.APPEND | O.SYNC)
    instrumented.reset()
    FS.write(stream, bytes('one'), 0, 3)
    FS.llseek(stream, 0, 0)
    FS.write(stream, bytes('two'), 0, 3)
    FS.close(stream)
    expect(instrumented.count('fsync')).toBe(2)
    expect(FS.readFile(`${PGDATA}/probe`, { encoding: 'utf8' })).toBe('onetwo')
    FS.unlink(`${PGDATA}/probe`)
  })

  it('mmap calls mmapAlloc, which is not exported: ours maps', () => {
    expect(pg.Module).not.toHaveProperty('mmapAlloc')
    FS.writeFile(`${PGDATA}/probe`, 'mapped')
    const stream = FS.open(`${PGDATA}/probe`, O.RDONLY)
    const { ptr } = FS.mmap(stream, 6, 0, 1, 2)
    expect([...pg.Module.HEAPU8.subarray(ptr, ptr + 6)]).toEqual([...bytes('mapped')])
    FS.close(stream)
    FS.unlink(`${PGDATA}/probe`)
  })

  it('an error without a numeric errno is swallowed, and the instance hangs later: ours fails the query', async () => {
    instrumented.failOn('create', new Error('no errno here'))
    await expect(settled(pg.exec('CREATE TABLE lost (a int)'))).rejects.toThrow(/I\/O error/)
    instrumented.before = undefined
    const { rows } = await settled(pg.query("SELECT to_regclass('lost') AS lost"))
    expect(rows).toEqual([{ lost: null }])
    await settled(pg.exec('CREATE TABLE lost (a int)'))
  })

  it('utimes are lost: ours keeps them, as loaded from a dump and as set by the program', async () => {
    const dump = new Uint8Array(await (await emptyClusterDump()).arrayBuffer())
    const mtime = mtimeInTar(dump, 'PG_VERSION')
    const ino = walk(instrumented.vfs, '/PG_VERSION')
    expect(instrumented.vfs.getattr(ino).mtime).toBe(mtime * 1000)
    FS.utime(`${PGDATA}/PG_VERSION`, 1_000_000_000_000, 1_100_000_000_000)
    expect(instrumented.vfs.getattr(ino)).toMatchObject({
      atime: 1_000_000_000_000,
      mtime: 1_100_000_000_000,
    })
    const { rows } = await pg.query<{ s: number }>(
      "SELECT extract(epoch FROM modification)::int AS s FROM pg_stat_file('PG_VERSION')",
    )
    expect(rows).toEqual([{ s: 1_100_000_000 }])
  })

  it('30 CREATE TABLEs in one exec lose statements: ours makes all', async () => {
    const tables = Array.from(
      { length: 30 },
      (_, n) => `CREATE TABLE many${n} (id serial, t text);`,
    )
    expect(await pg.exec(tables.join('\n'))).toHaveLength(30)
    const { rows } = await pg.query(
      "SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^many[0-9]+$'",
    )
    expect(rows).toEqual([{ n: 30 }])
    expect(instrumented.vfs.readdir(ROOT_INO).map(({ name }) => name)).toContain('PG_VERSION')
  })
})

/** The mtime field of the header of one file, whose name no other file ends in at a block's start. */
function mtimeInTar(archive: Uint8Array, name: string): number {
  const text = new TextDecoder('latin1')
  for (let at = 0; at < archive.length; at += 512) {
    const header = text.decode(archive.subarray(at, at + 512))
    if (header.startsWith(`${name}\0`)) return Number.parseInt(header.slice(136, 147), 8)
  }
  throw new Error(`no ${name} in the archive`)
}
