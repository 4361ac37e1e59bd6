// The directory of a test run: everything that the run writes outside the checkout lies below it, and its name
// is in the environment or on the command line of everything that the run starts. So what is left of a run is
// found by that name: the run itself ends it at its exit, and the next run ends that of a run that was killed.
// Called by tools/test.ts and vitest.config.ts.

import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ROOT } from './workspace.ts'

const VARIABLE = 'WASM_VFS_RUN'
const PREFIX = 'wasm-vfs-run-'
/**
 * Where browser profiles of vitest's projects are. On a disk, each name that a program makes in OPFS costs a
 * flush of the browser's own database: conformance tests took four times as long there. Files of tests that
 * drive whole browsers, kills among them, are on the disk that holds temporary files.
 */
const MEMORY = '/dev/shm'
const MEMORY_BYTES_MIN = 4 * 2 ** 30
const ON_DISK = join(ROOT, '.profiles')
/** The process that a directory belongs to: its number, and when it started, as numbers are used again. */
const OWNER = 'owner'
const SIGNALS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const
const END_DEADLINE_MS = 10_000
const PAUSE_MS = 50
const PARENT_LOOK_MS = 500
const PROCESS_LIST_BYTES_MAX = 64 * 1024 * 1024

/**
 * Makes the directory of this process's run, unless this process belongs to one already, and removes what dead
 * runs have left. From now on TMPDIR of this process and its children is that directory.
 */
export function enterRun(): void {
  if (process.env[VARIABLE] !== undefined) return
  const parent = tmpdir()
  removeDeadRuns(parent)
  const directory = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`))
  writeFileSync(join(directory, OWNER), ownerOf(process.pid))
  process.env[VARIABLE] = directory
  process.env['TMPDIR'] = directory
  process.on('exit', () => removeRun(directory))
  for (const [signal, number] of SIGNALS) process.on(signal, () => process.exit(128 + number))
  endWithParent()
}

/** Where a browser of this run keeps its profile. */
export function profileDirectory(name: string): string {
  enterRun()
  const parent = hasRoom(MEMORY) ? MEMORY : ON_DISK
  const directory = join(parent, basename(process.env[VARIABLE]!))
  mkdirSync(directory, { recursive: true })
  return join(directory, name)
}

/** What runs whose process is gone have left, below a directory for temporary files. */
function removeDeadRuns(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue
    const directory = join(parent, name)
    if (isDead(directory)) removeRun(directory)
  }
}

/** Not before it is known whose it is. */
function isDead(directory: string): boolean {
  try {
    const owner = readFileSync(join(directory, OWNER), 'utf8')
    return owner !== ownerOf(Number.parseInt(owner, 10))
  } catch {
    return false
  }
}

/** Ends every process of a run and removes its files. It blocks, because a process that exits cannot wait. */
function removeRun(directory: string): void {
  const name = basename(directory)
  const deadline = Date.now() + END_DEADLINE_MS
  for (;;) {
    const pids = processesNaming(name)
    if (pids.length === 0 || Date.now() > deadline) break
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself in the meantime.
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
  }
  // A run before this one may have found more or less room in memory.
  const profiles = [MEMORY, ON_DISK].map((parent) => join(parent, name))
  for (const path of [...profiles, directory]) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    } catch (error) {
      console.error(`${path} could not be removed: ${String(error)}`)
    }
  }
}

/** For the profiles of three browsers, which may fill a third of it each. */
function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize >= MEMORY_BYTES_MIN
  } catch {
    return false
  }
}

/** All but this process and zombies. The list has each process's environment behind its command line. */
function processesNaming(name: string): number[] {
  const flags = process.platform === 'darwin' ? ['-axwwE'] : ['axeww']
  const columns = ['-o', 'pid=', '-o', 'stat=', '-o', 'args=']
  // Not of the run itself, so that the list does not name the process that makes it.
  const env = { PATH: process.env['PATH'] }
  const { stdout } = spawnSync('ps', [...flags, ...columns], {
    env,
    encoding: 'utf8',
    maxBuffer: PROCESS_LIST_BYTES_MAX,
  })
  return stdout
    .split('\n')
    .filter((line) => line.includes(name) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid)
}

/** A process's number and start; the number alone if there is no such process. */
function ownerOf(pid: number): string {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    env,
    encoding: 'utf8',
  })
  return `${pid} ${startOnLinux(pid) ?? stdout.trim()}`
}

/** In ticks since boot, which unlike the time of day that `ps` works out is the same each time. */
function startOnLinux(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** Ends a run whose parent process was killed: it has no reader any more. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1)
  }, PARENT_LOOK_MS).unref()
}
