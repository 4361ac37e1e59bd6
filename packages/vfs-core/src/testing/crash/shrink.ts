// Makes a failing scenario shorter: fewer sessions, fewer operations, fewer choices that differ from
// "everything" or "nothing". Operations that are left out move every crash point behind them, so each
// shorter workload is searched for a failure of its own.

import { Explorer, type Limits } from './explore.ts'
import type { Workload } from './operations.ts'
import { CrashFailure, type CrashChoice, type Scenario, type SelectionRecord } from './scenario.ts'
import type { CrashTarget } from './target.ts'
import type { SimulatedWorld } from './world.ts'

/** Workloads searched at most; each is some hundred openings. */
const SEARCHES_MAX = 250

const SEARCH: Limits = {
  points: 80,
  exhaustiveMax: 16,
  samples: 8,
  followOneIn: 1,
  followPoints: 40,
}

/**
 * A scenario that fails and from which nothing more can be left out, as far as the search sees. It fails
 * in any way, not necessarily in the same.
 */
export async function shrink(
  target: CrashTarget,
  world: SimulatedWorld,
  scenario: Scenario,
): Promise<CrashFailure> {
  return new Shrinker(target, world).shrink(scenario)
}

class Shrinker {
  readonly #target: CrashTarget
  readonly #world: SimulatedWorld
  #searchesLeft = SEARCHES_MAX

  constructor(target: CrashTarget, world: SimulatedWorld) {
    this.#target = target
    this.#world = world
  }

  async shrink(scenario: Scenario): Promise<CrashFailure> {
    const first = await this.#replay(scenario)
    if (first === undefined) throw new TypeError('the scenario does not fail')
    const fewer = await this.#withFewerSessions(first)
    const shorter = await this.#withFewerOperations(fewer)
    return this.#withSimplerCrashes(shorter)
  }

  async #withFewerSessions(failure: CrashFailure): Promise<CrashFailure> {
    let best = failure
    for (let at = 0; at < workloadsOf(best).length && workloadsOf(best).length > 1;) {
      const found = await this.#search(best.scenario, workloadsOf(best).toSpliced(at, 1))
      if (found === undefined) at++
      else best = found
    }
    return best
  }

  async #withFewerOperations(failure: CrashFailure): Promise<CrashFailure> {
    let best = failure
    for (let session = 0; session < workloadsOf(best).length; session++) {
      let size = Math.ceil((workloadsOf(best)[session] ?? []).length / 2)
      while (size >= 1) {
        const found = await this.#withoutPieceOf(best, session, size)
        if (found !== undefined) best = found
        else if (size === 1) break
        const length = (workloadsOf(best)[session] ?? []).length
        if (found === undefined) size = Math.floor(size / 2)
        size = Math.min(size, length)
      }
    }
    return best
  }

  /** The first failure without some `size` operations in a row. */
  async #withoutPieceOf(
    { scenario }: CrashFailure,
    session: number,
    size: number,
  ): Promise<CrashFailure | undefined> {
    const workloads = workloadsOf({ scenario })
    const workload = workloads[session] ?? []
    for (let at = 0; at < workload.length; at += size) {
      const found = await this.#search(
        scenario,
        workloads.with(session, workload.toSpliced(at, size)),
      )
      if (found !== undefined) return found
    }
    return undefined
  }

  async #withSimplerCrashes(failure: CrashFailure): Promise<CrashFailure> {
    let best = failure
    for (let step = 0; step < best.scenario.steps.length; step++) {
      const crash = best.scenario.steps[step]?.crash
      if (crash === undefined) continue
      for (const simpler of simplerCrashes(crash)) {
        const found = await this.#replay(withCrash(best.scenario, step, simpler))
        if (found === undefined) continue
        best = found
        step--
        break
      }
    }
    return best
  }

  async #search(
    { disk, options, seed }: Scenario,
    workloads: readonly Workload[],
  ): Promise<CrashFailure | undefined> {
    if (this.#searchesLeft === 0) return undefined
    this.#searchesLeft--
    const [workload = [], ...later] = workloads
    const followUp = (_random: unknown, sessions: number): Workload => later[sessions - 1] ?? []
    const explorer = new Explorer(this.#target, this.#world, seed, followUp)
    const limits = { ...SEARCH, followOneIn: later.length > 0 ? SEARCH.followOneIn : 0 }
    const scenario = { disk, options, seed, steps: [{ workload }] }
    return failureOf(explorer.exploreLast(scenario, limits))
  }

  async #replay(scenario: Scenario): Promise<CrashFailure | undefined> {
    const explorer = new Explorer(this.#target, this.#world, scenario.seed)
    return failureOf(explorer.replay(scenario))
  }
}

async function failureOf(work: Promise<void>): Promise<CrashFailure | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof CrashFailure) return error
    throw error
  }
}

/** What each session does; a last one that only looks is none. */
function workloadsOf({ scenario: { steps } }: Pick<CrashFailure, 'scenario'>): Workload[] {
  const workloads = steps.map(({ workload }) => workload)
  if (workloads.length > 1 && workloads.at(-1)!.length === 0) workloads.pop()
  return workloads
}

function withCrash({ steps, ...rest }: Scenario, at: number, crash: CrashChoice): Scenario {
  return { ...rest, steps: steps.with(at, { ...steps[at]!, crash }) }
}

/** A kill is simpler than a power cut, all or nothing simpler than some, some fewer simpler than some. */
function* simplerCrashes({ point, crash, selection }: CrashChoice): Generator<CrashChoice> {
  if (crash === 'kill' || selection === undefined) return
  yield { point, crash: 'kill' }
  const cut = (record: SelectionRecord): CrashChoice => ({ point, crash, selection: record })
  if (selection.except.length === 0) return
  yield cut({ rest: 'newest', except: [] })
  yield cut({ rest: 'oldest', except: [] })
  for (let size = Math.ceil(selection.except.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < selection.except.length; at += size) {
      if (selection.except.length > size) {
        yield cut({ ...selection, except: selection.except.toSpliced(at, size) })
      }
    }
  }
}
