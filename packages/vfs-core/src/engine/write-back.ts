// When changes that nobody has synced are handed down to the browser, so that the death of the tab does
// not take them back: once the program has been idle, or at a call of a program that never is. Kept by
// InodeFs, which tells it of every call and of every change; a kernel's write-back has the same two rules.
//
// Time is `performance.now()`, which no change of the system's clock moves.

/** One tick without a call is an idle program, so changes go down 50 to 100 ms after its last call. */
const TICK_MS = 50
/** A program that is never idle hands its changes down at the first call after this. */
const AGE_MAX_MS = 5000

export interface WriteBackOptions {
  /**
   * Hands down what is pending. What it throws leaves that pending: the fsync, sync or close that covers
   * it meets the same failure and reports it, so nothing is lost silently, and no unrelated call fails.
   */
  readonly handDown: () => void | Promise<void>
  /** How long the program has to be idle, at most twice this in milliseconds. */
  readonly tickMs?: number
}

export class WriteBack {
  readonly #handDown: () => void | Promise<void>
  readonly #tickMs: number
  // When the oldest change that was not handed down was made; undefined if there is none.
  #pendingSince: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #calls = 0
  #callsAtTick = 0
  #isStopped = false
  #isRunning = false

  constructor({ handDown, tickMs = TICK_MS }: WriteBackOptions) {
    this.#handDown = handDown
    this.#tickMs = tickMs
  }

  /** Something has changed that has not been handed down. */
  changed(): void {
    if (this.#pendingSince !== undefined || this.#isStopped) return
    this.#pendingSince = performance.now()
    this.#wait(this.#tickMs)
  }

  /** The program makes a call. A busy program may never let a timer run, so each call looks at the clock. */
  called(): void {
    this.#calls++
    if (this.#pendingSince === undefined || this.#isRunning) return
    if (performance.now() - this.#pendingSince >= AGE_MAX_MS) this.#run()
  }

  /** Nothing is handed down any more: the store is closed, or was never to keep anything. */
  stop(): void {
    this.#isStopped = true
    this.#pendingSince = undefined
    clearTimeout(this.#timer)
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#callsAtTick = this.#calls
    this.#timer = setTimeout(() => this.#tick(), ms)
  }

  #tick(): void {
    if (this.#pendingSince === undefined || this.#isRunning) return
    if (this.#calls === this.#callsAtTick) this.#run()
    else this.#wait(this.#tickMs)
  }

  #run(): void {
    this.#isRunning = true
    this.#pendingSince = undefined
    const failed = (): void => {
      // Tried again later: by then there may be space.
      if (this.#isStopped) return
      this.#pendingSince ??= performance.now()
      this.#wait(AGE_MAX_MS)
    }
    try {
      const work = this.#handDown()
      if (work !== undefined) {
        work.catch(failed).finally(() => (this.#isRunning = false))
        return
      }
    } catch {
      failed()
    }
    this.#isRunning = false
  }
}
