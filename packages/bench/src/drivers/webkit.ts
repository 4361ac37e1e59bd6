// WebKitGTK, which nothing drives from outside: its page asks a server of ours what to do, and posts what
// came of it (browser/remote.ts). A browser for each page, one after the other, each on a profile of its
// own: what is removed counts against the quota as long as a browser lives, and sometimes longer.

import { mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ensureWebKit, launchWebKit, type WebKitInstallation } from '../../../../tools/webkit.ts'
import type { BenchPage } from '../protocol.ts'
import { BrowserLost, type BrowserDriver, type PageDriver } from './driver.ts'
import {
  ANSWER_PATH,
  NEXT_PATH,
  SERVER_PARAMETER,
  type Call,
  type Answer,
} from './remote-protocol.ts'

/** Longer than any run. */
const DEADLINE_MS = 24 * 3_600_000
/** After so long without a call the page is told to ask again. */
const POLL_MS = 20_000
const BODY_BYTES_MAX = 64 * 1_024 * 1_024

export class WebKitBrowser implements BrowserDriver {
  readonly name = 'webkit'
  readonly version: string
  readonly severalPages = false
  readonly lost: Promise<never>
  readonly #installation: WebKitInstallation
  readonly #profileDir: string
  #page: WebKitPage | undefined
  #pages = 0
  #reportLost: (error: BrowserLost) => void = () => {}

  private constructor(installation: WebKitInstallation, profileDir: string) {
    this.version = installation.version
    this.#installation = installation
    this.#profileDir = profileDir
    this.lost = new Promise((_, reject) => {
      this.#reportLost = reject
    })
    this.lost.catch(() => {})
  }

  static async launch(profile: string, log: (line: string) => void): Promise<WebKitBrowser> {
    const installation = await ensureWebKit(log)
    if (installation === undefined) {
      throw new Error(
        'No WebKitGTK could be found or installed (Debian: apt-get install webkit2gtk-driver xvfb).',
      )
    }
    return new WebKitBrowser(installation, profile)
  }

  async open(url: string): Promise<PageDriver> {
    await this.#page?.close()
    await rm(this.#profileOf(this.#pages), { recursive: true, force: true })
    const profileDir = this.#profileOf(++this.#pages)
    await mkdir(profileDir, { recursive: true })
    const channel = await Channel.open()
    const target = new URL(url)
    target.searchParams.set(SERVER_PARAMETER, channel.url)
    const browser = await launchWebKit(target.href, {
      profileDir,
      installation: this.#installation,
      deadlineMs: DEADLINE_MS,
    })
    const page = new WebKitPage(channel, () => browser.close())
    this.#page = page
    void this.#watch(page, browser.exited)
    return page
  }

  #profileOf(page: number): string {
    return join(this.#profileDir, String(page))
  }

  async #watch(page: WebKitPage, exited: Promise<string>): Promise<void> {
    const reason = await exited
    if (!page.closed) this.#reportLost(new BrowserLost(`webkit went away (${reason})`))
  }

  async close(): Promise<void> {
    await this.#page?.close()
  }
}

class WebKitPage implements PageDriver {
  /** A page that crashes falls silent, and is found by its deadline. */
  readonly crashed: Promise<never> = new Promise(() => {})
  closed = false
  readonly #channel: Channel
  readonly #endBrowser: () => Promise<void>

  constructor(channel: Channel, endBrowser: () => Promise<void>) {
    this.#channel = channel
    this.#endBrowser = endBrowser
  }

  call<Method extends keyof BenchPage>(
    method: Method,
    ...args: Parameters<BenchPage[Method]>
  ): Promise<Awaited<ReturnType<BenchPage[Method]>>> {
    return this.#channel.call(method, args) as Promise<Awaited<ReturnType<BenchPage[Method]>>>
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.#endBrowser()
    await this.#channel.close()
  }
}

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Calls wait here until the page asks for them, and then for its answers. */
class Channel {
  readonly #server: Server
  readonly #calls: Call[] = []
  readonly #pending = new Map<number, Pending>()
  #asker: ServerResponse | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #count = 0

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request, response).catch(() => response.destroy())
    })
  }

  static async open(): Promise<Channel> {
    const channel = new Channel()
    await new Promise<void>((done, fail) => {
      channel.#server.once('error', fail)
      channel.#server.listen(0, '127.0.0.1', done)
    })
    return channel
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  call(method: string, args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#count
    this.#calls.push({ id, method, args })
    this.#deliver()
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }))
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await new Promise<void>((done) => {
      this.#server.close(() => done())
      this.#server.closeAllConnections()
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The page is of another origin, and isolated.
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
    response.setHeader('Cache-Control', 'no-store')
    if (request.url === NEXT_PATH) {
      this.#askAgain()
      this.#asker = response
      this.#timer = setTimeout(() => this.#askAgain(), POLL_MS)
      this.#deliver()
      return
    }
    if (request.url === ANSWER_PATH) {
      const answer = JSON.parse(await bodyOf(request)) as Answer
      response.end()
      const pending = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if (answer.error === undefined) pending?.resolve(answer.value)
      else pending?.reject(new Error(answer.error))
      return
    }
    response.writeHead(404).end()
  }

  #deliver(): void {
    const call = this.#asker === undefined ? undefined : this.#calls.shift()
    if (call === undefined) return
    const asker = this.#asker
    this.#asker = undefined
    clearTimeout(this.#timer)
    asker?.end(JSON.stringify(call))
  }

  #askAgain(): void {
    clearTimeout(this.#timer)
    this.#asker?.writeHead(204).end()
    this.#asker = undefined
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > BODY_BYTES_MAX) throw new RangeError('an answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
