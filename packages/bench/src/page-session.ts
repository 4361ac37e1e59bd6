// The bench's page in a browser that somebody drives: hands it tasks, listens to their events, and gives
// a page that is silent or gone up. Used by session.ts with a browser of its own, and by the interactive
// page (browser/open/) with a frame in itself.

import { BrowserLost, PageLost, type BrowserDriver, type PageDriver } from './drivers/driver.ts'
import type { Task, TaskEvent } from './protocol.ts'
import type { TaskRunner } from './rounds.ts'

const PREPARE_DEADLINE_MS = 60_000
/** Over the deadline of a step, which the page itself enforces while it is alive. */
const PAGE_GRACE_MS = 15_000
const EXPLANATION_MS = 2_000

export class PageSession implements TaskRunner {
  readonly browser: BrowserDriver
  readonly #url: string
  #page: PageDriver | undefined
  #userAgent = ''

  /** `url` is that of the page; `renew` opens it for the first time. */
  constructor(browser: BrowserDriver, url: string) {
    this.browser = browser
    this.#url = url
  }

  get userAgent(): string {
    return this.#userAgent
  }

  /** Opens the page, in place of one that was lost. */
  async renew(): Promise<void> {
    await this.#page?.close()
    this.#page = await this.#open()
  }

  async #open(): Promise<PageDriver> {
    const opening = this.browser.open(this.#url)
    const page = await this.#within(undefined, PREPARE_DEADLINE_MS, opening)
    const { userAgent } = await this.#within(page, PREPARE_DEADLINE_MS, page.call('prepare'))
    this.#userAgent = userAgent
    return page
  }

  /** Runs a task to its end. Throws PageLost or BrowserLost, or what `signal` was aborted with. */
  async run(task: Task, onEvent: (event: TaskEvent) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const page = this.#page
    if (page === undefined) throw new PageLost('there is no page')
    const { promise: aborted, release } = rejectOnAbort(signal)
    try {
      await Promise.race([aborted, this.#runOn(page, task, onEvent)])
    } finally {
      release()
    }
  }

  /**
   * As `run`, in a second page that is closed afterwards, where there can be one. Chromium gives it a
   * process of its own, and so a measure of memory that does not wait for workers which the first page
   * has killed.
   */
  async runAside(
    task: Task,
    onEvent: (event: TaskEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.browser.severalPages) {
      await this.run(task, onEvent, signal)
      return
    }
    signal.throwIfAborted()
    const { promise: aborted, release } = rejectOnAbort(signal)
    // An abort while the page is made ready is met by the race after that.
    aborted.catch(() => {})
    let page: PageDriver | undefined
    try {
      page = await this.#open()
      await Promise.race([aborted, this.#runOn(page, task, onEvent)])
    } finally {
      release()
      await page?.close()
    }
  }

  async #runOn(page: PageDriver, task: Task, onEvent: (event: TaskEvent) => void): Promise<void> {
    let deadlineMs = PREPARE_DEADLINE_MS
    await this.#within(page, deadlineMs, page.call('start', task))
    for (;;) {
      const event = await this.#within(page, deadlineMs + PAGE_GRACE_MS, page.call('next'))
      if (event.type === 'stage') deadlineMs = event.deadlineMs
      onEvent(event)
      if (event.type === 'done') return
    }
  }

  /** What the page answers, unless it is lost or late first. */
  async #within<T>(
    page: PageDriver | undefined,
    milliseconds: number,
    answer: Promise<T>,
  ): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      const silent = `the page did not answer for ${Math.round(milliseconds / 1_000)} s`
      timer = setTimeout(() => reject(new PageLost(silent)), milliseconds)
    })
    const { lost } = this.browser
    const gone = page === undefined ? [lost] : [page.crashed, lost]
    // Whichever lose the race may reject later.
    for (const loser of [late, answer]) loser.catch(() => {})
    try {
      return await Promise.race([answer, late, ...gone])
    } catch (error) {
      if (error instanceof PageLost || error instanceof BrowserLost) throw error
      // An answer may fail a moment before the event that explains why.
      await Promise.race([...gone, new Promise((resolve) => setTimeout(resolve, EXPLANATION_MS))])
      throw new PageLost('the page failed', { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

function rejectOnAbort(signal: AbortSignal): {
  readonly promise: Promise<never>
  release(): void
} {
  let release = (): void => {}
  const promise = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    release = () => signal.removeEventListener('abort', abort)
  })
  return { promise, release: () => release() }
}
