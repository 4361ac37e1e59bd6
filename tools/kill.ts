// SIGKILL to a whole browser, so that nothing can be written on the way out. Called by kill tests.

import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const DEADLINE_MS = 20_000
const PAUSE_MS = 20

/** Kills every process that has `profile` on its command line; resolves when none is left. */
export async function killBrowser(profile: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const pids = await processesOf(profile)
    if (pids.length === 0) return
    if (Date.now() > deadline) throw new Error(`processes ${pids.join(', ')} do not end`)
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        // It may have ended by itself in the meantime.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
      }
    }
    await sleep(PAUSE_MS)
  }
}

/** All but zombies, which hold nothing. */
async function processesOf(profile: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,stat=,args='])
  return stdout
    .split('\n')
    .filter((line) => line.includes(profile) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => Number.parseInt(line, 10))
}
