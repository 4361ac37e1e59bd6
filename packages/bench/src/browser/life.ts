// The life of one store, in the worker: creation, use and closing, or reopening. Called by worker.ts;
// tells the page about each step. A workload that fails costs its own cell; a step that every later
// one relies on ends the life.

import { backendNamed } from '../backends/index.ts'
import type {
  ExpectedTable,
  LifeTask,
  PgliteArtifacts,
  TaskEvent,
  WorkerDone,
} from '../protocol.ts'
import { workloadNamed } from '../workloads/index.ts'
import { roundTripsOn } from '../workloads/postgres-round-trips.ts'
import { checkTable } from '../workloads/rows.ts'
import { PostgresSession } from '../workloads/session.ts'
import type { Phase, Workload } from '../workloads/workload.ts'
import { cellError } from './errors.ts'
import { SampleMeter } from './meter.ts'
import { unmet } from './requirements.ts'

const STEP_DEADLINE_MS = 90_000
/** Lets work that a backend puts off (a relaxed sync) end before the next workload is timed. */
const PAUSE_MS = 50

export class Life {
  readonly #task: LifeTask
  readonly #workloads: readonly Workload[]
  readonly #emit: (event: TaskEvent) => void

  constructor(task: LifeTask, emit: (event: TaskEvent) => void) {
    this.#task = task
    this.#workloads = task.workloads.map(workloadNamed)
    this.#emit = emit
  }

  /** Creates, uses, checks and closes. */
  async first(store: string, artifacts: PgliteArtifacts): Promise<WorkerDone> {
    const over: WorkerDone = { type: 'worker-done', reopenable: false, expected: [] }
    const session = await this.#load(store, artifacts)
    if (session === undefined) return over
    if (!(await this.#turn('create', session, () => session.create()))) return over

    for (const workload of this.#of('use')) {
      await this.#time(workload, session)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    const expected = await this.#expected(session)
    await this.#check(session, expected)
    const closed = await this.#turn('close', session, () => session.close())
    return { type: 'worker-done', reopenable: closed, expected }
  }

  /** Reopens what `first` closed, in another worker, and finds all its rows. */
  async second(
    store: string,
    artifacts: PgliteArtifacts,
    expected: readonly ExpectedTable[],
  ): Promise<void> {
    const session = await this.#load(store, artifacts)
    if (session === undefined) return
    if (!(await this.#turn('reopen', session, () => session.reopen()))) return
    const reopeners = this.#of('reopen').map(({ name }) => name)
    await this.#check(
      session,
      expected.map((table) => ({ ...table, workloads: reopeners })),
    )
    await this.#step('close', () => session.close())
  }

  #of(phase: Phase): Workload[] {
    return this.#workloads.filter((workload) => workload.phase === phase)
  }

  async #load(store: string, artifacts: PgliteArtifacts): Promise<PostgresSession | undefined> {
    const { durability } = this.#task.column
    const backend = backendNamed(this.#task.column.backend)
    const missing = await unmet(backend.needs)
    if (missing !== undefined) {
      this.#emit({ type: 'failed', name: 'load', error: { kind: 'unavailable', message: missing } })
      return undefined
    }
    let session: PostgresSession | undefined
    await this.#step('load', async () => {
      const opener = await backend.postgres()
      session = new PostgresSession(opener, store, durability, artifacts)
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
    return workload === undefined ? this.#step(phase, untimed) : this.#time(workload, session)
  }

  async #time(workload: Workload, session: PostgresSession): Promise<boolean> {
    const { name, deadlineMs } = workload
    const meter = new SampleMeter(() => session.stats())
    this.#emit({ type: 'stage', name, deadlineMs })
    try {
      await workload.run(session, meter)
    } catch (error) {
      this.#emit({ type: 'failed', name, error: cellError(error) })
      return false
    }
    this.#emit({ type: 'measured', name, samples: meter.samples, counters: meter.counters })
    return true
  }

  async #step(name: string, action: () => Promise<void>): Promise<boolean> {
    this.#emit({ type: 'stage', name, deadlineMs: STEP_DEADLINE_MS })
    try {
      await action()
      return true
    } catch (error) {
      this.#emit({ type: 'failed', name, error: cellError(error) })
      return false
    }
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

  async #check(session: PostgresSession, expected: readonly ExpectedTable[]): Promise<void> {
    for (const table of expected) {
      this.#emit({ type: 'stage', name: `check ${table.table}`, deadlineMs: STEP_DEADLINE_MS })
      try {
        await checkTable(session.pg, table)
      } catch (error) {
        for (const name of table.workloads) {
          this.#emit({ type: 'failed', name, error: cellError(error) })
        }
      }
    }
  }
}
