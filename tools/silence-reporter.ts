// Ends a vitest run in which nothing happens any more: when no test has finished for SILENCE_MS, it prints the
// tests that were running and exits. A whole run has no limit of its own, because machines differ in speed by
// several times. Loaded by vitest, as tools/test.ts tells it to.

import type { Reporter, TestCase } from 'vitest/node'

/** Longer than the longest deadline of any single test, in milliseconds. */
const SILENCE_MS = 5 * 60_000
const LOOK_MS = 5000

export class SilenceReporter implements Reporter {
  readonly #running = new Set<TestCase>()
  #lastSign = performance.now()
  #looking: ReturnType<typeof setInterval> | undefined

  onTestRunStart(): void {
    this.#heard()
    this.#looking = setInterval(() => this.#look(), LOOK_MS)
  }

  onTestCaseReady(test: TestCase): void {
    this.#running.add(test)
  }

  onTestCaseResult(test: TestCase): void {
    this.#running.delete(test)
    this.#heard()
  }

  onTestModuleEnd(): void {
    this.#heard()
  }

  onTestRunEnd(): void {
    clearInterval(this.#looking)
  }

  #heard(): void {
    this.#lastSign = performance.now()
  }

  #look(): void {
    if (performance.now() - this.#lastSign < SILENCE_MS) return
    const names = [...this.#running].map(
      ({ module, fullName }) => `${module.relativeModuleId}: ${fullName}`,
    )
    const running = names.length === 0 ? 'no test was running' : `running were ${names.join('; ')}`
    console.error(`✗ no test has finished within ${SILENCE_MS / 1000} s; ${running}`)
    // Playwright ends its browsers when this process exits.
    process.exit(1)
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest takes a reporter from a module's default export
export default SilenceReporter
