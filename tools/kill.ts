// SIGKILL to a whole browser, so that nothing can be written on the way out. Called by kill tests.

import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const EXIT_DEADLINE_MS = 20_000

/** Kills every process that has `profile` on its command line; resolves when none is left. */
export async function killBrowser(profile: string): Promise<void> {
  const deadline = Date.now() + EXIT_DEADLINE_MS
  for (;;) {
    const pids = await processesOf(profile)
    if (pids.length === 0) return
    if (Date.now() > deadline) throw new Error(`processes ${pids.join(', ')} do not end`)
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await sleep(50)
  }
}

async function processesOf(profile: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args='])
  const lines = stdout.split('\n').filter((line) => line.includes(profile))
  return lines.map((line) => Number.parseInt(line, 10))
}
