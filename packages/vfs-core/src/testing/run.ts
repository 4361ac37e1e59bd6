// Runs one conformance case: makes its store, holds it to a deadline, and closes and destroys every
// store it opened, whatever happened. Framework adapters (define.ts, in-worker.ts) call this.

import type { Vfs } from '../contract/index.ts'
import { ConformanceFailure } from './assert.ts'
import { gateOf, type ConformanceCase, type ConformanceContext } from './case.ts'
import type { ConformanceTarget } from './case.ts'
import { requirements } from './conformance/index.ts'

/** The longest a case may take, in milliseconds; far above what any takes on a slow machine. */
export const CASE_DEADLINE_MS = 60_000

export interface GatedCase {
  readonly case: ConformanceCase
  /** The declared capabilities it lacks. */
  readonly reason: string
}

export interface ConformancePlan {
  readonly cases: readonly ConformanceCase[]
  readonly gated: readonly GatedCase[]
}

/** Which cases apply to a target, by its declared capabilities alone. */
export function planConformance(target: Pick<ConformanceTarget, 'capabilities'>): ConformancePlan {
  const cases: ConformanceCase[] = []
  const gated: GatedCase[] = []
  for (const each of requirements.flatMap((requirement) => requirement.cases)) {
    const reason = gateOf(each, target.capabilities)
    if (reason === undefined) cases.push(each)
    else gated.push({ case: each, reason })
  }
  return { cases, gated }
}

/** The case of this requirement and name. */
export function findCase(requirement: string, name: string): ConformanceCase {
  const found = requirements
    .find((each) => each.name === requirement)
    ?.cases.find((each) => each.name === name)
  if (found === undefined) throw new TypeError(`No conformance case '${requirement}: ${name}'`)
  return found
}

/** Resolves if the target meets the case, rejects with the reason if not. */
export async function runCase(
  target: ConformanceTarget,
  conformanceCase: ConformanceCase,
): Promise<void> {
  const { name, deadlineMs = CASE_DEADLINE_MS } = conformanceCase
  const stores = new Stores(target)
  let failure: unknown
  try {
    await withDeadline(runIn(stores, conformanceCase), deadlineMs, name)
  } catch (error) {
    failure = error ?? new ConformanceFailure('the case threw nothing')
  }
  // A failed case leaves its stores in any state, so what their removal meets then is not news.
  try {
    await withDeadline(stores.remove(), deadlineMs, 'closing and destroying the stores')
  } catch (error) {
    failure ??= error
  }
  if (failure !== undefined) throw failure
}

async function runIn(stores: Stores, conformanceCase: ConformanceCase): Promise<void> {
  const storeName = stores.newName()
  let vfs = await stores.open(storeName)
  const context: ConformanceContext = {
    target: stores.target,
    storeName,
    get vfs() {
      return vfs
    },
    async reopen() {
      await vfs.close()
      vfs = await stores.open(storeName)
      return vfs
    },
    openAgain: () => stores.open(storeName),
    openAnother: () => stores.open(stores.newName()),
  }
  await conformanceCase.run(context)
}

let storesNamed = 0

/** Every store and file system that one case made. */
class Stores {
  readonly target: ConformanceTarget
  readonly #names: string[] = []
  readonly #opened: Vfs[] = []

  constructor(target: ConformanceTarget) {
    this.target = target
  }

  newName(): string {
    const name = `conformance-${Date.now().toString(36)}-${storesNamed++}`
    this.#names.push(name)
    return name
  }

  async open(name: string): Promise<Vfs> {
    const vfs = await this.target.open(name)
    this.#opened.push(vfs)
    return vfs
  }

  async remove(): Promise<void> {
    for (const vfs of this.#opened) await vfs.close()
    for (const name of this.#names) await this.target.destroy(name)
  }
}

/** Rejects if the work takes longer; a timer left behind would keep Node alive, so it is cleared. */
export async function withDeadline<T>(work: Promise<T>, ms: number, about: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ConformanceFailure(`not finished after ${ms} ms: ${about}`))
    }, ms)
  })
  try {
    return await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}
