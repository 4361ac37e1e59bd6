// Vitest's reporter of the whole test run. It prints one line for each file as it ends, keeps what failed and
// how long each file took, for tools/test.ts to print at the end, and ends a run in which no test has finished
// for SILENCE_MS. A whole run has no limit of its own, because machines differ in speed by several times.

import { relative } from 'node:path'
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestProject,
  TestRunEndReason,
  TestSuite,
  Vitest,
} from 'vitest/node'
import { ROOT } from './workspace.ts'

/** Of all projects together, in milliseconds: while one long test runs, tests of others end. */
const SILENCE_MS = 5 * 60_000
const LOOK_MS = 5000

export interface Failure {
  /** E.g. `'chromium packages/some/test/a.browser.test.ts: a file > keeps its name'`. */
  readonly title: string
  /** Prints what went wrong. */
  print(): void
}

export interface FileTime {
  readonly title: string
  readonly seconds: number
}

export class RunReporter implements Reporter {
  passed = 0
  readonly failures: Failure[] = []
  readonly files: FileTime[] = []
  readonly #silenceMs: number
  readonly #running = new Set<TestCase>()
  #vitest: Vitest | undefined
  /** When the last file of a browser ended. */
  readonly #ends = new Map<TestProject, number>()
  #startedAt = performance.now()
  #lastSign = performance.now()
  #looking: ReturnType<typeof setInterval> | undefined

  constructor(silenceMs: number = SILENCE_MS) {
    this.#silenceMs = silenceMs
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunStart(): void {
    this.#startedAt = performance.now()
    this.#lastSign = this.#startedAt
    this.#looking = setInterval(() => this.#look(), Math.min(LOOK_MS, this.#silenceMs))
  }

  onTestCaseReady(test: TestCase): void {
    this.#running.add(test)
  }

  onTestCaseResult(test: TestCase): void {
    this.#running.delete(test)
    this.#lastSign = performance.now()
    const { state, errors = [] } = test.result()
    if (state === 'passed') this.passed++
    else if (state === 'failed') this.#fail(test, errors)
  }

  onTestModuleEnd(module: TestModule): void {
    this.#lastSign = performance.now()
    // Of loading the file, and of hooks; a test that they have kept from running has none of its own.
    for (const part of [module, ...module.children.allSuites()]) {
      if (part.errors().length > 0) this.#fail(part, part.errors())
    }
    const tests = [...module.children.allTests()]
    const failed = tests.filter((test) => test.result().state === 'failed').length
    const seconds = this.#secondsOf(module)
    this.files.push({ title: titleOf(module), seconds })
    const count = `${tests.length} tests${failed > 0 ? `, ${failed} failed` : ''}`
    console.log(`${module.ok() ? '✓' : '✗'} ${titleOf(module)} (${count}, ${seconds.toFixed(1)} s)`)
  }

  onTestRunEnd(
    _modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    clearInterval(this.#looking)
    for (const error of errors) this.#fail(undefined, [error])
    const isSilent = this.failures.length === 0 && (reason !== 'passed' || this.passed === 0)
    if (isSilent) this.#fail(undefined, [new Error(`the run ended (${reason}) without its tests`)])
  }

  /** Loading, tests and hooks. A browser loads the next file while tests run, and has one at a time. */
  #secondsOf(module: TestModule): number {
    const { collectDuration, duration } = module.diagnostic()
    if (!module.project.isBrowserEnabled()) return (collectDuration + duration) / 1000
    const now = performance.now()
    const started = this.#ends.get(module.project) ?? this.#startedAt
    this.#ends.set(module.project, now)
    return (now - started) / 1000
  }

  #fail(
    of: TestCase | TestSuite | TestModule | undefined,
    errors: readonly (SerializedError | Error)[],
  ): void {
    const options = of === undefined ? {} : { project: of.project }
    this.failures.push({
      title: of === undefined ? 'vitest' : titleOf(of),
      print: () => {
        for (const error of errors) this.#vitest?.logger.printError(error, options)
      },
    })
  }

  #look(): void {
    if (performance.now() - this.#lastSign < this.#silenceMs) return
    const names = [...this.#running].map(titleOf)
    const running = names.length === 0 ? 'no test was running' : `running were ${names.join('; ')}`
    console.log(`✗ no test has finished within ${this.#silenceMs / 1000} s; ${running}`)
    console.log(`\n${this.passed} passed, ${this.failures.length + 1} failed`)
    process.exit(1)
  }
}

function titleOf(part: TestCase | TestSuite | TestModule): string {
  const module = part.type === 'module' ? part : part.module
  const file = `${module.project.name} ${relative(ROOT, module.moduleId)}`
  return part.type === 'module' ? file : `${file}: ${part.fullName}`
}
