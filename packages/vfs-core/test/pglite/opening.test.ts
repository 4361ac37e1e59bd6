// What pgliteOptions accepts and makes of it, and what an open does with what the Vfs holds.

import { PGlite } from '@electric-sql/pglite'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../../src/index.ts'
import { ROOT_INO, VfsError, type Vfs } from '../../src/contract/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { Instrumented } from '../emscripten/instrumented.ts'
import {
  emptyClusterDump,
  openDatabase,
  settled,
  surviving,
  withCapabilities,
} from './databases.ts'

const SLOW = 120_000

const names = (vfs: Vfs): string[] => vfs.readdir(ROOT_INO).map((entry) => entry.name)

/** Start parameters once PGlite has mounted, without starting Postgres. */
async function startParamsOf(
  options: ReturnType<typeof pgliteOptions>,
): Promise<string[] | undefined> {
  await PGlite.create({ ...options, noInitDb: true })
  return options.startParams
}

describe('start parameters', () => {
  it('are the defaults of the release without -F, with an fsync that arrives', async () => {
    const { defaultStartParams } = PGlite
    expect(defaultStartParams).toContain('-F')
    expect(await startParamsOf(pgliteOptions(await openMemory()))).toEqual([
      ...defaultStartParams.filter((parameter) => parameter !== '-F'),
      '-c',
      'wal_sync_method=fsync',
    ])
  })

  it('of the caller are treated alike, and settings that the caller chose stay', async () => {
    const made = async (startParams: string[]): Promise<string[] | undefined> =>
      startParamsOf(pgliteOptions(await openMemory(), { startParams }))
    const fsync = ['-c', 'wal_sync_method=fsync']
    expect(await made(['--single', '-F', '-O'])).toEqual(['--single', '-O', ...fsync])
    const off = ['--single', '-c', 'fsync=off']
    expect(await made(off)).toEqual(off)
    const chosen = ['--single', '--wal-sync-method=open_sync']
    expect(await made(chosen)).toEqual(chosen)
  })

  it('are left to PGlite where the Vfs cannot fsync synchronously', async () => {
    const open = async (): Promise<Vfs> =>
      withCapabilities(await openMemory(), { synchronousFsync: false })
    expect(await startParamsOf(pgliteOptions(open()))).toEqual(PGlite.defaultStartParams)
    const startParams = ['--single']
    expect(await startParamsOf(pgliteOptions(open(), { startParams }))).toEqual(['--single'])
  })
})

describe('options', () => {
  it('of the caller are passed on, but fs and dataDir are refused', async () => {
    const vfs = await openMemory()
    const parsers = { 16: () => 'parsed' }
    expect(pgliteOptions(vfs, { parsers, username: 'me' })).toMatchObject({
      parsers,
      username: 'me',
    })
    const { fs } = pgliteOptions(vfs)
    expect(() => pgliteOptions(vfs, { fs } as object)).toThrow(TypeError)
    expect(() => pgliteOptions(vfs, { dataDir: 'idb://x' } as object)).toThrow(TypeError)
  })
})

describe('an open', () => {
  it('of a Vfs that is still opening waits for it once the program is there', async () => {
    let open: (vfs: Vfs) => void
    const opening = new Promise<Vfs>((resolve) => (open = resolve))
    const options = pgliteOptions(opening, { noInitDb: true })
    const initialSyncFs = options.fs.initialSyncFs.bind(options.fs)
    const vfs = await openMemory()
    let instantiated = false
    options.fs.initialSyncFs = () => {
      instantiated = true
      setTimeout(() => open(vfs), 20)
      return initialSyncFs()
    }
    const pg = await settled(PGlite.create(options))
    expect(instantiated).toBe(true)
    expect(pg.Module.FS.lookupPath('/pglite/data', {}).node.mount.mountpoint).toBe('/pglite/data')
  })

  it('of a Vfs that does not open rejects with the reason, whenever it is known', async () => {
    const cause = new VfsError('EBUSY', 'open', { path: 'mine' })
    await expect(PGlite.create(pgliteOptions(Promise.reject(cause)))).rejects.toBe(cause)
    const late = new Promise<never>((_resolve, reject) => setTimeout(reject, 50, cause))
    await expect(settled(PGlite.create(pgliteOptions(late)))).rejects.toBe(cause)
  })

  it('of a closed Vfs is ESTALE', async () => {
    const vfs = await openMemory('mine')
    await vfs.close()
    await expect(PGlite.create(pgliteOptions(vfs))).rejects.toMatchObject({
      code: 'ESTALE',
      message: expect.stringContaining("'mine' is closed") as string,
    })
  })

  it('of a Vfs that serves another PGlite is EBUSY, and the other goes on', async () => {
    const { pg, instrumented } = await openDatabase()
    const again = PGlite.create(pgliteOptions(instrumented.vfs))
    await expect(again).rejects.toMatchObject({ code: 'EBUSY', operation: 'pglite.init' })
    expect((await pg.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pg.close()
  }, 120_000)

  it('of a Vfs that holds something else is ENOTEMPTY and changes nothing', async () => {
    const vfs = await openMemory('photos')
    vfs.create(ROOT_INO, 'holiday.jpg', 0o644)
    vfs.mkdir(ROOT_INO, 'albums', 0o755)
    await expect(PGlite.create(pgliteOptions(vfs))).rejects.toMatchObject({
      code: 'ENOTEMPTY',
      message: expect.stringMatching(/'photos' holds 2 entries \(holiday.jpg, albums\)/) as string,
    })
    expect(names(vfs)).toEqual(['holiday.jpg', 'albums'])
  })

  it('whose mount fails rejects with the reason and does not hang', async () => {
    const instrumented = new Instrumented(await openMemory())
    const cause = new VfsError('EIO', 'getattr')
    let asked = 0
    instrumented.before = ({ operation }) => {
      // Once to see that the Vfs is open; then by the mount.
      if (operation === 'getattr' && ++asked === 2) throw cause
    }
    await expect(settled(PGlite.create(pgliteOptions(instrumented.vfs)))).rejects.toBe(cause)
  })

  it(
    'after a first load that stopped half-way starts afresh',
    async () => {
      const store = await openMemory()
      const full = new Instrumented(surviving(store))
      let sawVersion = false
      full.before = ({ operation, args }) => {
        if (operation === 'create' && args[0] === ROOT_INO && args[1] === 'PG_VERSION') {
          sawVersion = true
        }
        if (operation === 'write' && sawVersion) throw new VfsError('ENOSPC', 'write')
      }
      const loadDataDir = await emptyClusterDump()
      const stopped = PGlite.create(pgliteOptions(full.vfs, { loadDataDir }))
      await expect(settled(stopped)).rejects.toMatchObject({ errno: 51 })
      await full.vfs.close()
      const left = names(store)
      expect(left).toContain('PG_VERSION')
      expect(left.length).toBeGreaterThan(5)

      const pg = await PGlite.create(pgliteOptions(surviving(store), { loadDataDir }))
      expect((await pg.query('SELECT count(*)::int > 300 AS ok FROM pg_class')).rows).toEqual([
        { ok: true },
      ])
      expect(names(store).filter((name) => name.startsWith('.wasm-vfs'))).toEqual([])
      await pg.close()
    },
    SLOW,
  )

  it('refuses to load a dump over a database', async () => {
    const first = await openDatabase()
    await first.pg.close()
    const again = PGlite.create(
      pgliteOptions(surviving(first.store), { loadDataDir: await emptyClusterDump() }),
    )
    await expect(again).rejects.toThrow('Database already exists')
  }, 120_000)
})
