// What a run started ends with it, however it ends; after SIGKILL with the next run. Nothing else does.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const RUN = join(import.meta.dirname, 'fixtures', 'run.ts')
const DEADLINE_MS = 60_000

interface Run {
  readonly process: ChildProcess
  readonly directory: string
  readonly profile: string
  /** Of what it has started. */
  readonly pids: readonly number[]
}

/** Of this test, so that the runs of others are out of its sight. */
let temporary: string
let started: Run[]
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'wasm-vfs-runs-'))
  started = []
})
afterEach(() => {
  for (const { process: run, pids, profile } of started) {
    run.kill('SIGKILL')
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL')
    rmSync(dirname(profile), { recursive: true, force: true })
  }
  rmSync(temporary, { recursive: true, force: true })
})

/** Resolves when it has started all that it starts. */
async function start(parent: readonly string[] = [], args: readonly string[] = []): Promise<Run> {
  const { WASM_VFS_RUN: _, ...env } = process.env
  const command = [...parent, process.execPath, '--import', 'tsx', RUN, ...args]
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const run = { process: child, ...(JSON.parse(line) as Omit<Run, 'process'>) }
  started.push(run)
  return run
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function left({ directory, profile, pids }: Run): unknown {
  return {
    alive: pids.filter(isAlive),
    files: [directory, profile].filter((path) => existsSync(path)),
  }
}

const NOTHING = { alive: [], files: [] }
const soon = (see: () => void): Promise<void> => vi.waitFor(see, { timeout: 20_000 })

describe('what a run has started', { timeout: DEADLINE_MS }, () => {
  it('is there while it runs', async () => {
    const run = await start()
    expect(left(run)).toEqual({ alive: run.pids, files: [run.directory, run.profile] })
  })

  it('ends when it ends', async () => {
    const run = await start([], ['ends'])
    await soon(() => expect(left(run)).toEqual(NOTHING))
  })

  it.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)('ends when it gets %s', async (signal) => {
    const run = await start()
    run.process.kill(signal)
    await soon(() => expect(left(run)).toEqual(NOTHING))
  })

  it('ends when what started the run is killed', async () => {
    const run = await start(['sh', '-c', '"$@"; true', 'sh'])
    run.process.kill('SIGKILL')
    await soon(() => expect(left(run)).toEqual(NOTHING))
  })

  it('ends with the next run when the run is killed, and not with the run after a living one', async () => {
    const killed = await start()
    const living = await start()
    expect(left(killed)).toEqual({ alive: killed.pids, files: [killed.directory, killed.profile] })
    killed.process.kill('SIGKILL')
    await once(killed.process, 'close')
    expect(left(killed)).toEqual({ alive: killed.pids, files: [killed.directory, killed.profile] })
    const next = await start()
    await soon(() => expect(left(killed)).toEqual(NOTHING))
    for (const run of [living, next]) {
      expect(left(run)).toEqual({ alive: run.pids, files: [run.directory, run.profile] })
    }
  })

  it('is left alone while nobody can tell whose it is', async () => {
    const killed = await start()
    rmSync(join(killed.directory, 'owner'))
    killed.process.kill('SIGKILL')
    await once(killed.process, 'close')
    await start()
    expect(left(killed)).toEqual({ alive: killed.pids, files: [killed.directory, killed.profile] })
  })
})
