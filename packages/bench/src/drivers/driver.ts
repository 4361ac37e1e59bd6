// What a browser is to the bench: it opens a page of ours on a profile of its own on disk, and calls the
// functions that the page offers (BenchPage). One file beside this for each way of driving one; used by
// ../page-session.ts.

import type { BenchPage } from '../protocol.ts'

/** The page is gone or silent, the browser still there: another page helps. */
export class PageLost extends Error {
  override readonly name: 'PageLost' = 'PageLost'
}

/** The browser is gone; only a new session helps. */
export class BrowserLost extends Error {
  override readonly name: 'BrowserLost' = 'BrowserLost'
}

export interface BrowserDriver {
  readonly name: string
  readonly version: string
  /** Whether a page can be opened beside another; where not, opening one closes the other. */
  readonly severalPages: boolean
  /** Rejects with BrowserLost, unless the browser is closed by us. */
  readonly lost: Promise<never>
  open(url: string): Promise<PageDriver>
  /** Ends the browser; resolves also if it is gone. */
  close(): Promise<void>
}

export interface PageDriver {
  /** Rejects with PageLost. */
  readonly crashed: Promise<never>
  /** Calls a function of the page; what it answers may never come, so whoever waits has a deadline. */
  call<Method extends keyof BenchPage>(
    method: Method,
    ...args: Parameters<BenchPage[Method]>
  ): Promise<Awaited<ReturnType<BenchPage[Method]>>>
  /** Resolves also if the page is gone. */
  close(): Promise<void>
}
