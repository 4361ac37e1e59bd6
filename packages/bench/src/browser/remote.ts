// In a browser that nothing drives from outside, the page asks what it is to do (../drivers/webkit.ts).
// Called by page.ts.

import {
  ANSWER_PATH,
  NEXT_PATH,
  SERVER_PARAMETER,
  type Answer,
  type Call,
} from '../drivers/remote-protocol.ts'
import type { BenchPage } from '../protocol.ts'
import { describe } from './errors.ts'

/** Serves calls, each as it comes, if the page's URL says where to ask for them. */
export async function serveCalls(bench: BenchPage): Promise<void> {
  const server = new URLSearchParams(location.search).get(SERVER_PARAMETER)
  if (server === null) return
  for (;;) {
    const response = await fetch(`${server}${NEXT_PATH}`)
    if (response.status === 204) continue
    void answer(server, bench, (await response.json()) as Call)
  }
}

async function answer(server: string, bench: BenchPage, call: Call): Promise<void> {
  const said = await outcome(bench, call)
  // As text, so that the browser does not ask first whether it may.
  await fetch(`${server}${ANSWER_PATH}`, { method: 'POST', body: JSON.stringify(said) })
}

async function outcome(bench: BenchPage, { id, method, args }: Call): Promise<Answer> {
  try {
    const called = bench[method as keyof BenchPage] as (...args: readonly unknown[]) => unknown
    return { id, value: await called.apply(bench, [...args]) }
  } catch (error) {
    return { id, error: describe(error) }
  }
}
