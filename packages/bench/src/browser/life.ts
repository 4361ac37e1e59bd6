// The life of one store, each part in a worker of its own: creation, use and closing; reopening;
// mounting without Postgres; coming back after a kill. Called by worker.ts; tells the page about each
// step. A workload that fails costs its own cell; a step that every later one relies on ends the life.

import { backendNamed } from '../backends/index.ts'
import type {
  ExpectedTable,
  LeftBehind,
  LifePart,
  LifeTask,
  TaskEvent,
  WorkerRequest,
} from '../protocol.ts'
import { workloadNamed } from '../workloads/index.ts'
import { checkKilled, commitUntilKilled } from '../workloads/kill.ts'
import { roundTripsOn } from '../workloads/postgres-round-trips.ts'
import { checkTable } from '../workloads/rows.ts'
import { PostgresSession } from '../workloads/session.ts'
import type { Meter, Phase, PostgresWorkload } from '../workloads/workload.ts'
import { holdWhileAlive } from './alive.ts'
import { HandleWatch } from './handle-watch.ts'
import { memoryBytes } from './memory.ts'
import { startNeighbour } from './neighbour.ts'
import { unmet } from './requirements.ts'
import { Steps } from './steps.ts'

/** Lets work that a backend puts off (a relaxed sync) end before the next workload is timed. */
const PAUSE_MS = 50

type LifeRequest = Extract<WorkerRequest, { readonly kind: 'life' }>

export class Life implements Record<LifePart, () => Promise<LeftBehind | undefined>> {
  readonly #request: LifeRequest
  readonly #task: LifeTask
  readonly #workloads: readonly PostgresWorkload[]
  readonly #steps: Steps

  constructor(request: LifeRequest, emit: (event: TaskEvent) => void) {
    this.#request = request
    this.#task = request.task
    this.#workloads = request.task.workloads
      .map(workloadNamed)
      .filter((workload) => workload.kind !== 'files')
    this.#steps = new Steps(emit)
  }

  /** Creates, uses, prepares for what comes later, checks and closes. */
  async first(): Promise<LeftBehind | undefined> {
    const session = await this.#load()
    if (session === undefined) return undefined
    if (!(await this.#turn('create', session, () => session.create()))) return undefined

    for (const workload of this.#of('use')) {
      await this.#time(workload, session)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    if (!(await this.#prepare(session))) return undefined
    const expected = await this.#expected(session)
    await this.#check(session, expected)
    const closed = await this.#turn('close', session, () => session.close())
    return closed ? { expected, acknowledged: 0 } : undefined
  }

  /** Reopens what `first` closed and finds all its rows; closes, or commits until it is killed. */
  async reopen(): Promise<LeftBehind | undefined> {
    const { expected } = this.#request.left
    const session = await this.#load()
    if (session === undefined) return undefined
    if (!(await this.#turn('reopen', session, () => session.reopen()))) return undefined
    await this.#checkFor('reopen', session, expected)
    if (this.#of('reopen-killed').length === 0) {
      await this.#steps.step('close', () => session.close())
      return undefined
    }
    let acknowledged = 0
    const committing = await this.#steps.step('commit until killed', async () => {
      await holdWhileAlive(this.#request.store)
      acknowledged = await commitUntilKilled(session.sql)
    })
    return committing ? { expected, acknowledged } : undefined
  }

  /** Opens the file system without Postgres. */
  async mount(): Promise<undefined> {
    const session = await this.#load()
    if (session === undefined) return
    for (const workload of this.#of('mount')) await this.#time(workload, session)
  }

  /** Opens what a killed worker left; what had been acknowledged must be there. */
  async 'reopen-killed'(): Promise<undefined> {
    const { expected, acknowledged } = this.#request.left
    const session = await this.#load()
    if (session === undefined) return
    if (!(await this.#turn('reopen-killed', session, () => session.reopen()))) return
    await this.#checkFor('reopen-killed', session, expected)
    this.#steps.begin('check the commits')
    try {
      await checkKilled(session.sql, acknowledged)
    } catch (error) {
      for (const { name } of this.#of('reopen-killed')) this.#steps.fail(name, error)
    }
    await this.#steps.step('close', () => session.close())
  }

  #of(phase: Phase): PostgresWorkload[] {
    return this.#workloads.filter((workload) => workload.phase === phase)
  }

  async #load(): Promise<PostgresSession | undefined> {
    const { task, store, artifacts, page } = this.#request
    const { column, settings } = task
    const backend = backendNamed(column.backend)
    const missing = await unmet(backend.needs)
    if (missing !== undefined) {
      this.#steps.refuse(missing)
      return undefined
    }
    const handles = new HandleWatch((file) => backend.isLog?.(file) ?? false)
    if (this.#workloads.some(({ watchesHandles }) => watchesHandles === true)) handles.install()
    let session: PostgresSession | undefined
    await this.#steps.step('load', async () => {
      const [opener, openVfs] = await Promise.all([
        backend.postgres?.() ?? backend.sqlite?.(),
        backend.vfs?.(),
      ])
      if (opener === undefined) throw new TypeError('it runs no database')
      session = new PostgresSession({
        column,
        settings,
        handles,
        open: () => opener(store, column.durability, artifacts),
        startNeighbour: () =>
          startNeighbour({ kind: 'neighbour', column, store: `${store}-neighbour`, artifacts }),
        async mountedMemoryBytes() {
          if (openVfs === undefined) throw new TypeError('it cannot be opened without Postgres')
          const before = await memoryBytes(page)
          const vfs = await openVfs(store, column.durability)
          try {
            return (await memoryBytes(page)) - before
          } finally {
            await vfs.close()
          }
        },
      })
    })
    return session
  }

  /** One of the steps of every life, timed if a workload does so. */
  async #turn(
    phase: Phase,
    session: PostgresSession,
    untimed: () => Promise<void>,
  ): Promise<boolean> {
    const [workload] = this.#of(phase)
    return workload === undefined ? this.#steps.step(phase, untimed) : this.#time(workload, session)
  }

  /** False if a preparation failed: the store is then not what the later parts are to open. */
  async #prepare(session: PostgresSession): Promise<boolean> {
    const done = new Set<PostgresWorkload['prepare']>()
    for (const { name, prepare, deadlineMs } of this.#workloads) {
      if (prepare === undefined || done.has(prepare)) continue
      done.add(prepare)
      if (!(await this.#steps.step(`prepare ${name}`, () => prepare(session), deadlineMs)))
        return false
    }
    return true
  }

  #time(workload: PostgresWorkload, session: PostgresSession): Promise<boolean> {
    const run = (meter: Meter): Promise<void> => workload.run(session, meter)
    return this.#steps.time(workload, () => session.stats(), run)
  }

  /** What the tables made in this life must hold now, by the operations that succeeded. */
  async #expected(session: PostgresSession): Promise<ExpectedTable[]> {
    const expected: ExpectedTable[] = []
    for (const table of session.tables()) {
      const users = roundTripsOn(table.size).filter((name) => this.#task.workloads.includes(name))
      expected.push(await table.expected(users))
    }
    return expected
  }

  /** A difference now is the fault of the workloads of that phase. */
  async #checkFor(
    phase: Phase,
    session: PostgresSession,
    expected: readonly ExpectedTable[],
  ): Promise<void> {
    const workloads = this.#of(phase).map(({ name }) => name)
    await this.#check(
      session,
      expected.map((table) => ({ ...table, workloads })),
    )
  }

  async #check(session: PostgresSession, expected: readonly ExpectedTable[]): Promise<void> {
    for (const table of expected) {
      this.#steps.begin(`check ${table.table}`)
      try {
        await checkTable(session.sql, table)
      } catch (error) {
        for (const name of table.workloads) this.#steps.fail(name, error)
      }
    }
  }
}
