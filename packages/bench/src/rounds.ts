// The rounds of a run over its columns, each sample in turn, until the rounds are done, the time is up,
// the browser is lost or the user has enough. Called by run.ts in node and by the interactive page
// (browser/open/), which differ only in what carries the tasks out; knows neither.

import { STORE_PREFIX } from './backends/backend.ts'
import { backendNamed, WARM_UP } from './backends/index.ts'
import { BrowserLost, PageLost } from './drivers/driver.ts'
import { commitProbe } from './probes/commit.ts'
import { PROBES, probeNamed } from './probes/index.ts'
import type { Column, LifeTask, Settings, Task, TaskEvent } from './protocol.ts'
import { ResultSet, type Recorder } from './results.ts'
import { SCHEMA, type BenchDocument, type Environment } from './schema.ts'
import { workloadNamed } from './workloads/index.ts'
import { isCommit } from './workloads/postgres-round-trips.ts'
import { LIVES, type Workload } from './workloads/workload.ts'

/** Without a number of rounds: none is begun that would probably end later than the time that is given. */
const TIME_DEFAULT_MS = 240_000
/** In the default time. */
const ROUNDS_MAX = 5
const MS_PER_MINUTE = 60_000
/** Nobody waits longer for a first table, however slow the machine. */
const PREVIEW_MS = 150_000
/** Per column, until the first one has been seen. */
const GUESS_MS = 15_000
const AFTER_LOSS_MS = 500
/** How backends say it, and browsers. */
const NO_SPACE = /ENOSPC|QuotaExceeded|No space left/
const NOT_FOR_IT = 'the backend cannot run it'

/** What is measured. */
export interface RunSelection {
  /** In the order of the table. */
  readonly columns: readonly Column[]
  /** Names, in the order in which a life runs them. */
  readonly workloads: readonly string[]
  /** Rounds; undefined for as many as fit the time. */
  readonly samples: number | undefined
  /** The time for them; undefined for four minutes, in which five rounds are enough. */
  readonly minutes?: number | undefined
  readonly settings: Settings
}

/** Carries tasks out, in a page. */
export interface TaskRunner {
  /** Throws PageLost or BrowserLost, or what `signal` was aborted with. */
  run(task: Task, onEvent: (event: TaskEvent) => void, signal: AbortSignal): Promise<void>
  /** The same in a page of its own, where there can be one. */
  runAside(task: Task, onEvent: (event: TaskEvent) => void, signal: AbortSignal): Promise<void>
  /** Opens the page in place of one that was lost. */
  renew(): Promise<void>
}

export interface ProgressSink {
  /** Something worth a line of its own. */
  say(line: string): void
  /** A sample begins; `leftMs` is the estimate for it and everything after it. */
  begin(sample: string, leftMs: number): void
  /** A step within the sample begins. */
  step(name: string): void
}

export interface RunHooks {
  readonly progress: ProgressSink
  /** Called with all results so far whenever a sample is done. */
  readonly save: (document: BenchDocument) => void
  /** Called once with what there is, if the run goes on: after the first round, or PREVIEW_MS. */
  readonly preview: (document: BenchDocument) => void
  /** Called with every event of a column's tasks, as it comes. */
  readonly heard?: (column: Column, event: TaskEvent) => void
  readonly signal: AbortSignal
}

export interface RunOutcome {
  readonly document: BenchDocument
  /** Why the run ended early; undefined if it did not. */
  readonly endedBy: 'interrupt' | 'browser' | undefined
}

export class Rounds {
  readonly #options: RunSelection
  readonly #hooks: RunHooks
  readonly #session: TaskRunner
  readonly #env: Environment
  readonly #startedAt: number
  readonly #results: ResultSet
  /** Of every round; see also #commitProbes. */
  readonly #probes: readonly string[]
  /** How long the latest sample of each column took; of the probes under undefined. */
  readonly #durations = new Map<Column | undefined, number>()
  /** Of the sizes that the first round wrote per commit: by these the bars of `verdict` are drawn. */
  #commitProbes: readonly string[] = []
  #roundsDone = 0
  #previewed = false
  #storesMade = 0

  /** `startedAt` is when the user began to wait, by performance.now(). */
  constructor(
    options: RunSelection,
    hooks: RunHooks,
    session: TaskRunner,
    env: Environment,
    startedAt: number,
  ) {
    this.#options = options
    this.#hooks = hooks
    this.#session = session
    this.#env = env
    this.#startedAt = startedAt
    const workloads = options.workloads.map(workloadNamed)
    const named = workloads.flatMap(({ probes }) => probes ?? [])
    this.#probes = [...new Set([...PROBES.map(({ name }) => name), ...named])]
    this.#results = new ResultSet(options.columns, workloads, this.#probes.map(probeNamed))
  }

  async run(): Promise<RunOutcome> {
    const waited = performance.now() - this.#startedAt
    // In the middle of a sample, if that is where it falls.
    const timer = setTimeout(() => this.#preview(), Math.max(0, PREVIEW_MS - waited))
    try {
      await this.#warmUp()
      do {
        for (const column of this.#order()) {
          await this.#sample(column)
          this.#hooks.save(this.document(false))
          if (performance.now() - this.#startedAt > PREVIEW_MS) this.#preview()
        }
        if (this.#roundsDone === 0) this.#commitProbes = this.#sizesOfCommits()
        if (this.#commitProbes.length > 0) await this.#probe(this.#commitProbes)
        this.#roundsDone++
      } while (this.#goOn())
    } catch (error) {
      const interrupted = this.#hooks.signal.aborted
      if (!interrupted && !(error instanceof BrowserLost)) throw error
      if (!interrupted) this.#hooks.progress.say(`${(error as Error).message}: the run ends here.`)
      return { document: this.document(false), endedBy: interrupted ? 'interrupt' : 'browser' }
    } finally {
      clearTimeout(timer)
    }
    return { document: this.document(true), endedBy: undefined }
  }

  /** Each round begins at another column, so that none is always the first or the last. */
  #order(): (Column | undefined)[] {
    const { columns } = this.#options
    const from = this.#roundsDone % columns.length
    return [undefined, ...columns.slice(from), ...columns.slice(0, from)]
  }

  #goOn(): boolean {
    const more = this.#another()
    if (more) this.#preview()
    return more
  }

  #preview(): void {
    if (this.#previewed || !this.#results.hasSamples) return
    this.#previewed = true
    const document = this.document(false)
    // Columns that had no turn yet would only say so.
    const begun = ({ backend, durability }: Column): boolean =>
      document.results.some(
        (other) =>
          other.backend === backend &&
          other.durability === durability &&
          (other.samples.length > 0 || other.error?.kind !== 'not-run'),
      )
    this.#hooks.preview({ ...document, results: document.results.filter(begun) })
  }

  #another(): boolean {
    const { samples } = this.#options
    if (samples !== undefined) return this.#roundsDone < samples
    const elapsed = performance.now() - this.#startedAt
    return this.#roundsDone < this.#roundsMax && elapsed + this.#roundMs() < this.#timeMs
  }

  async #warmUp(): Promise<void> {
    const { progress, signal } = this.#hooks
    const all = this.#options.workloads.map(workloadNamed)
    // Plain files need nothing compiled that takes long.
    if (all.every(({ kind }) => kind === 'files')) return
    const workloads = all.filter(({ life }) => life === 'rows').map(({ name }) => name)
    const [durability = 'none'] = WARM_UP.durabilities
    progress.begin(`warm-up (${WARM_UP.name})`, this.#leftMs(undefined))
    const column: Column = { backend: WARM_UP.name, durability }
    try {
      await this.#session.run(this.#task(column, workloads), () => {}, signal)
    } catch (error) {
      await this.#recover(error)
    }
  }

  /** The lives of one column, or the probes. */
  async #sample(column: Column | undefined): Promise<void> {
    const { progress } = this.#hooks
    progress.begin(`round ${this.#roundsDone + 1}: ${labelOf(column)}`, this.#leftMs(column))
    const from = performance.now()
    if (column === undefined) await this.#probe(this.#probes)
    else await this.#live(column)
    this.#durations.set(column, performance.now() - from)
  }

  async #live(column: Column): Promise<void> {
    const all = this.#options.workloads.map(workloadNamed)
    for (const life of LIVES) {
      const fit: string[] = []
      const unfit: TaskEvent[] = []
      for (const { name, ...workload } of all.filter((candidate) => candidate.life === life)) {
        const reason = isFor(column, workload.kind) ? workload.unfit?.(column) : NOT_FOR_IT
        if (reason === undefined) fit.push(name)
        else unfit.push({ type: 'skipped', name, reason })
      }
      const names = [...fit, ...unfit.map((event) => (event as { name: string }).name)]
      const recorder = this.#results.recorder(column, names)
      for (const event of unfit) recorder.record(event)
      if (fit.length === 0) continue
      const task = this.#task(column, fit)
      const lost = await this.#carryOut(task, recorder, column)
      if (!task.mountFollows || lost || recorder.broken) continue
      await this.#carryOut({ ...task, step: 'mount' }, recorder, column)
    }
  }

  async #probe(names: readonly string[]): Promise<void> {
    const recorder = this.#results.probeRecorder(names.map(probeNamed))
    await this.#carryOut({ kind: 'probes', probes: names }, recorder, undefined)
  }

  /** One task; whether it was lost with its page, which costs this task only. */
  async #carryOut(task: Task, recorder: Recorder, column: Column | undefined): Promise<boolean> {
    const { progress, signal, heard } = this.#hooks
    const label = labelOf(column)
    const isAside = task.kind === 'life' && task.step === 'mount'
    let inUse = false
    let isFull = false
    try {
      await this.#session[isAside ? 'runAside' : 'run'](
        task,
        (event) => {
          if (event.type === 'stage') progress.step(event.name)
          if (event.type === 'in-use') inUse = true
          if (event.type === 'failed') {
            isFull ||= NO_SPACE.test(event.error.message)
            progress.say(`  ${label}, ${event.name}: ${event.error.message}`)
          }
          recorder.record(event)
          if (column !== undefined) heard?.(column, event)
        },
        signal,
      )
      recorder.finish()
      if (inUse) await this.#recover(new PageLost(`${label} did not let go of its storage`))
      // Some browsers (WebKitGTK) go on counting what has been removed.
      else if (isFull) await this.#recover(new PageLost(`${label} has used up the quota`))
      return false
    } catch (error) {
      if (error instanceof PageLost || error instanceof BrowserLost) {
        recorder.finish({ kind: 'failed', message: error.message })
      }
      await this.#recover(error)
      return true
    }
  }

  #task(column: Column, workloads: readonly string[]): LifeTask {
    const { settings } = this.#options
    const mountFollows = workloads.some((name) => workloadNamed(name).phase === 'mount')
    const store = `${STORE_PREFIX}${++this.#storesMade}`
    return { kind: 'life', column, workloads, settings, store, step: 'life', mountFollows }
  }

  #sizesOfCommits(): string[] {
    const names = this.#options.workloads.filter(isCommit).flatMap((workload) =>
      this.#options.columns.flatMap((column) => {
        const bytes = this.#results.bytesPerSample(column, workload)
        if (bytes === undefined || column.durability === 'none') return []
        if (!backendNamed(column.backend).needs.includes('opfs')) return []
        return [commitProbe(bytes, column.durability)]
      }),
    )
    return [...new Set(names)].filter((name) => PROBES.every((probe) => probe.name !== name))
  }

  /** Replaces a lost page; rethrows what cannot be helped. */
  async #recover(error: unknown): Promise<void> {
    if (!(error instanceof PageLost)) throw error
    this.#hooks.progress.say(`${error.message}; opening it again`)
    await new Promise((resolve) => setTimeout(resolve, AFTER_LOSS_MS))
    try {
      await this.#session.renew()
    } catch (cause) {
      if (cause instanceof BrowserLost) throw cause
      throw new BrowserLost('the browser opens no page any more', { cause })
    }
  }

  #roundMs(): number {
    return this.#order().reduce((sum, column) => sum + this.#durationOf(column), 0)
  }

  /** From the beginning of a column's sample in the present round to the end of the run. */
  #leftMs(column: Column | undefined): number {
    const order = this.#order()
    const rest = order.slice(order.indexOf(column))
    const present = rest.reduce((sum, next) => sum + this.#durationOf(next), 0)
    return present + this.#roundsLeft(present) * this.#roundMs()
  }

  #roundsLeft(presentMs: number): number {
    const { samples } = this.#options
    if (samples !== undefined) return samples - this.#roundsDone - 1
    const elapsed = performance.now() - this.#startedAt
    const fit = Math.floor((this.#timeMs - elapsed - presentMs) / this.#roundMs())
    return Math.min(Math.max(0, fit), this.#roundsMax - this.#roundsDone - 1)
  }

  get #timeMs(): number {
    const { minutes } = this.#options
    return minutes === undefined ? TIME_DEFAULT_MS : minutes * MS_PER_MINUTE
  }

  get #roundsMax(): number {
    return this.#options.minutes === undefined ? ROUNDS_MAX : Infinity
  }

  #durationOf(column: Column | undefined): number {
    const known = this.#durations.get(column)
    if (known !== undefined) return known
    const others = [...this.#durations].filter(([key]) => key !== undefined)
    if (others.length === 0) return GUESS_MS
    return others.reduce((sum, [, duration]) => sum + duration, 0) / others.length
  }

  /** What there is so far. */
  document(complete: boolean): BenchDocument {
    return {
      schema: SCHEMA,
      complete,
      env: this.#env,
      rounds: this.#roundsDone,
      results: this.#results.results(),
      probes: this.#results.probes(),
    }
  }
}

function isFor({ backend }: Column, kind: Workload['kind']): boolean {
  const { postgres, sqlite, files } = backendNamed(backend)
  const drives = { postgres: [postgres], sql: [postgres, sqlite], files: [files] }[kind]
  return drives.some((member) => member !== undefined)
}

function labelOf(column: Column | undefined): string {
  return column === undefined ? 'raw probes' : `${column.backend} ${column.durability}`
}
