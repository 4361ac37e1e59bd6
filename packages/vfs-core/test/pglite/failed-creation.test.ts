// PGlite.create that fails, at each of its steps: what was given as the promise of a Vfs is closed by the time
// that it rejects, so that the store can be opened again; what others have a hand on stays open.

import { PGlite, type Extension } from '@electric-sql/pglite'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROOT_INO, VfsError, type Vfs } from '../../src/contract/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { logTarget } from '../conformance/replay.target.ts'
import { Instrumented } from '../emscripten/instrumented.ts'
import { emptyClusterDump, settled } from './databases.ts'

const SLOW = 120_000

/** A store can be opened once, as one on disk. */
const open = (name: string): Promise<Vfs> => logTarget.open(name)
const isOpen = async (name: string): Promise<boolean> => {
  try {
    await (await open(name)).close()
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'EBUSY' })
    return true
  }
}

const failingSetup: Extension = {
  name: 'failing',
  setup: () => Promise.reject(new Error('no setup')),
}
const failingInit: Extension = {
  name: 'failing',
  setup: () => Promise.resolve({ init: () => Promise.reject(new Error('no init')) }),
}

type Options = Parameters<typeof pgliteOptions>[1]

/** What fails: by what is asked of PGlite, or by what the store holds or does. */
const failures: Record<
  string,
  { options?: () => Options | Promise<Options>; prepare?: (vfs: Vfs) => void; broken?: keyof Vfs }
> = {
  'an extension cannot be set up': { options: () => ({ extensions: { failingSetup } }) },
  'the store holds something else': {
    prepare: (vfs) => void vfs.create(ROOT_INO, 'holiday.jpg', 0o644),
  },
  'the store cannot be mounted': { broken: 'getattr' },
  'initdb fails': { options: () => ({ initDbStartParams: ['--no-such-option'] }) },
  'there is a database already, and a dump to load': {
    options: async () => ({ loadDataDir: await emptyClusterDump() }),
    prepare: (vfs) => void vfs.create(ROOT_INO, 'PG_VERSION', 0o600),
  },
  'the store fails while it is loaded': {
    options: async () => ({ loadDataDir: await emptyClusterDump() }),
    broken: 'write',
  },
  'the first load cannot be synced': { broken: 'sync' },
  'Postgres does not start': {
    options: async () => ({
      loadDataDir: await emptyClusterDump(),
      startParams: ['--single', '-c', 'no_such_setting=1'],
    }),
  },
  'there is no such user': {
    options: async () => ({ loadDataDir: await emptyClusterDump(), username: 'nobody' }),
  },
  'an extension cannot be initialized': {
    options: async () => ({
      loadDataDir: await emptyClusterDump(),
      extensions: { failingInit },
    }),
  },
}

beforeAll(async () => void (await emptyClusterDump()), 300_000)

describe('a creation that fails because', { timeout: SLOW }, () => {
  it.each(Object.keys(failures))('%s closes the store that it was promised', async (why) => {
    const { options, prepare, broken } = failures[why]!
    if (prepare !== undefined) {
      const vfs = await open(why)
      prepare(vfs)
      await vfs.close()
    }
    const opening = open(why).then((vfs) => {
      const instrumented = new Instrumented(vfs)
      if (broken !== undefined) instrumented.failOn(broken, new VfsError('EIO', broken))
      return instrumented.vfs
    })
    await expect(PGlite.create(pgliteOptions(opening, await options?.()))).rejects.toThrow()
    expect(await isOpen(why)).toBe(false)
  })
})

describe('a creation that fails', { timeout: SLOW }, () => {
  const failing = { extensions: { failingSetup } }

  it('before the store is open does not wait for it, and closes it when it is', async () => {
    let arrive = (_vfs: Vfs): void => {}
    const opening = new Promise<Vfs>((resolve) => (arrive = resolve))
    await expect(settled(PGlite.create(pgliteOptions(opening, failing)))).rejects.toThrow(
      'no setup',
    )
    const vfs = await open('late')
    arrive(vfs)
    await expect.poll(() => isOpen('late')).toBe(false)
  })

  it('leaves a Vfs open that it was given open', async () => {
    const vfs = await open('given')
    await expect(PGlite.create(pgliteOptions(vfs, failing))).rejects.toThrow('no setup')
    expect(vfs.readdir(ROOT_INO)).toEqual([])
    await vfs.close()
  })

  it('leaves a Vfs open that serves another PGlite', async () => {
    const opening = open('shared')
    const loadDataDir = await emptyClusterDump()
    const pg = await PGlite.create(pgliteOptions(opening, { loadDataDir }))
    await expect(PGlite.create(pgliteOptions(opening))).rejects.toMatchObject({ code: 'EBUSY' })
    await expect(PGlite.create(pgliteOptions(opening, failing))).rejects.toThrow('no setup')
    expect((await pg.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pg.close()
  })

  it('is reported with its own error, whatever the close adds', async () => {
    const opening = open('closing').then((vfs) => {
      const instrumented = new Instrumented(vfs)
      instrumented.failOn('close', new VfsError('EIO', 'close'))
      return instrumented.vfs
    })
    await expect(PGlite.create(pgliteOptions(opening, failing))).rejects.toThrow('no setup')
  })

  it('and is tried again at once succeeds', async () => {
    const loadDataDir = await emptyClusterDump()
    const options = { loadDataDir, extensions: { failingInit } }
    await expect(PGlite.create(pgliteOptions(open('again'), options))).rejects.toThrow('no init')
    const pg = await PGlite.create(pgliteOptions(open('again')))
    expect((await pg.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await pg.close()
  })
})
