// What is running and how long it will take, on standard error: one line that is rewritten on a
// terminal, a line per sample elsewhere. Driven by run.ts.

import { minutes } from './numbers.ts'

export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const WIDTH_DEFAULT = 80
const CLEAR_LINE = '\r\u001b[K'

export class Progress {
  readonly #stream: ProgressStream
  readonly #start: number
  readonly #now: () => number
  #sample = ''

  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream
    this.#now = now
    this.#start = now()
  }

  /** Something worth a line of its own. */
  say(line: string): void {
    this.#stream.write(`${this.#isTerminal ? CLEAR_LINE : ''}${line}\n`)
  }

  /** A sample begins; `leftMs` is the estimate for it and everything after it. */
  begin(sample: string, leftMs: number): void {
    const elapsed = minutes(this.#now() - this.#start)
    this.#sample = `${elapsed}  ${sample}, about ${minutes(leftMs)} left`
    if (this.#isTerminal) this.#rewrite(this.#sample)
    else this.say(this.#sample)
  }

  /** A step within the sample begins. */
  step(name: string): void {
    if (this.#isTerminal) this.#rewrite(`${this.#sample}: ${name}`)
  }

  /** Leaves the terminal's line empty for what is printed next. */
  end(): void {
    if (this.#isTerminal) this.#stream.write(CLEAR_LINE)
  }

  get #isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  #rewrite(text: string): void {
    // A line that wraps could not be rewritten.
    const width = (this.#stream.columns ?? WIDTH_DEFAULT) - 1
    this.#stream.write(`${CLEAR_LINE}${text.slice(0, width)}`)
  }
}
