// Kills a browser: SIGKILL to every process of its profile, so that nothing can be written on the way out.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const DEADLINE_MS = 20_000
const PAUSE_MS = 20

/** Resolves when no process of the profile is left. */
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
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

/** Every process that has the profile's directory in its command line, but for zombies. */
async function processesOf(profile: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,stat=,args='])
  return stdout
    .split('\n')
    .filter((line) => line.includes(profile) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => Number.parseInt(line, 10))
}
