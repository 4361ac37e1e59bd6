// The interactive page as a browser to itself: the page that runs tasks, the same that the command line
// drives, is loaded in a frame. Removing the frame ends whatever it does, its workers included.

import type { BrowserDriver, PageDriver } from '../../drivers/driver.ts'
import { PageLost } from '../../drivers/driver.ts'
import type { BenchPage } from '../../protocol.ts'

export class FrameBrowser implements BrowserDriver {
  readonly name: string
  readonly version: string
  readonly severalPages = false
  /** It is the page's own. */
  readonly lost: Promise<never> = new Promise(() => {})
  #page: FramePage | undefined

  constructor(name: string, version: string) {
    this.name = name
    this.version = version
  }

  async open(url: string): Promise<PageDriver> {
    await this.close()
    this.#page = await FramePage.load(url)
    return this.#page
  }

  async close(): Promise<void> {
    await this.#page?.close()
    this.#page = undefined
  }
}

class FramePage implements PageDriver {
  readonly crashed: Promise<never> = new Promise(() => {})
  readonly #frame: HTMLIFrameElement

  private constructor(frame: HTMLIFrameElement) {
    this.#frame = frame
  }

  static async load(url: string): Promise<FramePage> {
    const frame = document.createElement('iframe')
    frame.className = 'runner'
    frame.title = 'runs the benchmark'
    frame.tabIndex = -1
    frame.ariaHidden = 'true'
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
    frame.src = url
    document.body.append(frame)
    await loaded
    return new FramePage(frame)
  }

  // Asynchronous, so that what is thrown becomes a rejection.
  async call<Method extends keyof BenchPage>(
    method: Method,
    ...args: Parameters<BenchPage[Method]>
  ): Promise<Awaited<ReturnType<BenchPage[Method]>>> {
    const { bench } = (this.#frame.contentWindow ?? {}) as { readonly bench?: BenchPage }
    if (bench === undefined) throw new PageLost('the page that runs the benchmark did not load')
    const called = bench[method] as (...given: readonly unknown[]) => unknown
    return (await called.apply(bench, args)) as Awaited<ReturnType<BenchPage[Method]>>
  }

  close(): Promise<void> {
    this.#frame.remove()
    return Promise.resolve()
  }
}
