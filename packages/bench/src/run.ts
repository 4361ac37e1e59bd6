// A run from the command line: the browser is started, the rounds are run in it, and it is closed. Called
// by run-browsers.ts, which prints and writes what comes of it.

import { describeEnvironment } from './environment.ts'
import type { Browser } from './options.ts'
import { browserTitle } from './report/browsers.ts'
import { minutes } from './report/numbers.ts'
import { Rounds, type RunHooks, type RunOutcome, type RunSelection } from './rounds.ts'
import type { BenchDocument } from './schema.ts'
import { BrowserSession } from './session.ts'

/** `startedAt` is when the user began to wait, by performance.now(). */
export async function runBench(
  options: RunSelection & { readonly browser: Browser },
  hooks: RunHooks,
  startedAt: number,
): Promise<RunOutcome> {
  const { progress, signal } = hooks
  progress.say(`Building the page and starting ${browserTitle(options.browser)} …`)
  const session = await BrowserSession.open(options.browser, (line) => progress.say(line))
  try {
    signal.throwIfAborted()
    const { name, version } = session.browser
    const browser = { name, version, userAgent: session.userAgent }
    const env = await describeEnvironment(browser, session.profile)
    progress.say(`${browserTitle(name)} ${version}, ${env.cores} × ${env.cpu}, ${env.fileSystem}`)
    return await new Rounds(options, hooks, session, env, startedAt).run()
  } finally {
    await session.close()
  }
}

/** One line under the tables: how much stands behind the figures. */
export function describeRun({ rounds, complete }: BenchDocument, milliseconds: number): string {
  const word = rounds === 1 ? 'round' : 'rounds'
  const ended = complete ? '' : ', ended early'
  return `${rounds} ${word} in ${minutes(milliseconds)}${ended}`
}
