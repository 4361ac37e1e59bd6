// Ways to break the PGlite adapter on purpose, by the rules of docs/durability.md that each breaks, and the
// tests that must notice.

import { edit, type Edit, type Mutation } from './mutation.ts'

const SOURCES = 'packages/vfs-core/src/pglite'
const TESTS = 'packages/vfs-core/test/pglite'
const ACKNOWLEDGED = `${TESTS}/acknowledged.test.ts`
const FIRST_LOAD = `${TESTS}/first-load.test.ts`
const FAILED_CREATION = `${TESTS}/failed-creation.test.ts`

const acknowledgements = (from: string, to: string): Edit =>
  edit(`${SOURCES}/acknowledgements.ts`, from, to)
const firstLoad = (from: string, to: string): Edit => edit(`${SOURCES}/first-load.ts`, from, to)
const filesystem = (from: string, to: string): Edit => edit(`${SOURCES}/filesystem.ts`, from, to)

export const PGLITE: readonly Mutation[] = [
  {
    rule: 1,
    what: "PGlite's transaction() is acknowledged without a sync of its COMMIT",
    edits: [
      acknowledgements('if (covering !== undefined || !endsInTransaction()) await covered()', ''),
    ],
    test: ACKNOWLEDGED,
    named: 'transaction with query',
  },
  {
    rule: 1,
    what: "PGlite's runExclusive() waits for no sync",
    edits: [
      acknowledgements(
        '      const result = await work()\n      await covered()',
        '      const result = await work()',
      ),
    ],
    test: ACKNOWLEDGED,
    named: 'runExclusive',
  },
  {
    rule: 1,
    what: 'COMMIT AND CHAIN in a transaction of PGlite is acknowledged without a sync',
    edits: [acknowledgements('chained = pg.isInTransaction()', 'chained = false')],
    test: ACKNOWLEDGED,
    named: 'AND CHAIN',
  },
  {
    rule: 1,
    what: 'listeners of a NOTIFY are told before the sync',
    edits: [acknowledgements('covered().then(call, call)', 'call()')],
    test: ACKNOWLEDGED,
    named: '^(?!.*taken away).*(listen|onNotification)',
  },
  {
    rule: 12,
    what: 'a sync that fails after BEGIN leaves Postgres in a transaction',
    edits: [
      acknowledgements(
        '(isStatement && endsInTransaction() ? Promise.resolve() : start())',
        'start()',
      ),
    ],
    test: ACKNOWLEDGED,
    named: 'a sync that fails',
  },
  {
    rule: 11,
    what: 'the marker of a first load goes before its content is on storage',
    edits: [firstLoad('    await this.#vfs.sync()\n', '')],
    test: FIRST_LOAD,
    named: 'passes for whole',
  },
  {
    rule: 11,
    what: 'a first load is handed down bit by bit',
    edits: [firstLoad('    vfs.atomicFirstLoad()\n', '')],
    test: FIRST_LOAD,
    named: 'leaves an empty store',
  },
  {
    rule: 12,
    what: 'a PGlite that could not be made keeps the store it was promised',
    edits: [
      filesystem('    if (this.#isOwned) afterFailedCreation(pg, () => this.#giveUp())\n', ''),
    ],
    test: FAILED_CREATION,
    named: 'the store holds something else',
  },
  {
    rule: 12,
    what: 'a PGlite that could not be made closes the store of another',
    edits: [
      filesystem(
        'if (!inUse.has(vfs) || vfs === this.#opened) await vfs.close()',
        'await vfs.close()',
      ),
    ],
    test: FAILED_CREATION,
    named: 'serves another PGlite',
  },
]
