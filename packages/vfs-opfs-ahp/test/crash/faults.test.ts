// Every physical call of a workload is failed once, in every way it can fail: the error reaches the
// caller, what the program sees stays what it did, and nothing acknowledged is lost after a reopen.
// CRASH_SEED=7 tries other workloads, FAULT_WORKLOADS=200 more of them.

import { VfsError, type Vfs } from '@wasm-vfs/core'
import {
  aceAtRandom,
  checkpoints,
  describeOperation,
  Disks,
  firstLoad,
  judge,
  judgeOpen,
  mixed,
  moves,
  observe,
  Session,
  SimulatedWorld,
  START,
  type Crash,
  type DiskName,
  type History,
  type Moment,
  type StoreOptions,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import {
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type Call,
  type DirectoryImage,
  type Fault,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { target as opfsAhp } from './target.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? 1)
/** Bytes unlike those of the session that made the disk. */
const STAMP = 50_000
const WORKLOADS = Number(process.env['FAULT_WORKLOADS'] ?? 6)

/** How a call of each kind can fail, given the bytes it is about. */
function faultsOf({ kind, length = 0 }: Call): readonly Fault[] {
  const half = Math.floor(length / 2)
  switch (kind) {
    case 'write':
      return [{ throws: 'QuotaExceededError' }, { throws: 'UnknownError' }, { takes: half }]
    case 'truncate':
      return [{ throws: 'QuotaExceededError' }, { throws: 'UnknownError' }]
    case 'flush':
      return [{ throws: 'InvalidStateError' }, { losesChanges: true }]
    case 'read':
      return length > 1
        ? [{ throws: 'UnknownError' }, { takes: half }]
        : [{ throws: 'UnknownError' }]
    case 'close':
      return []
    default:
      return [{ throws: 'UnknownError' }]
  }
}

interface Attempt {
  readonly disk: DiskName
  readonly options: StoreOptions
  readonly workload: Workload
  readonly seed: number
}

interface Injection {
  readonly at: number
  readonly call: Call
  readonly fault: Fault
}

type Complain = (problems: readonly string[], cause?: unknown) => void

class FaultFailure extends Error {
  constructor(
    attempt: Attempt,
    injection: Injection,
    problems: readonly string[],
    cause?: unknown,
  ) {
    const { disk, options, workload, seed } = attempt
    const operations = workload.map((each) => describeOperation(each)).join('; ')
    super(
      `${problems.join('\n')}\n${JSON.stringify(injection)}\n${disk} disk, ${options.level}, ` +
        `cache ${options.cacheBytes}, seed ${seed}: ${operations}`,
      { cause },
    )
  }
}

let world: SimulatedWorld
let disks: Disks

/** While simulated time goes on, because an open that meets a locked file tries again. */
function open(opfs: SimulatedOpfs, options: StoreOptions): Promise<Vfs> {
  return world.settle(opfsAhp.open(opfs, options))
}

/** The calls that the workload makes, opening included. */
async function callsOf(attempt: Attempt): Promise<Call[]> {
  const opfs = await begin(attempt)
  const calls: Call[] = []
  opfs.watcher.fault = (call) => void calls.push(call)
  const vfs = await open(opfs, attempt.options)
  const watching = opfs.watcher.fault
  delete opfs.watcher.fault
  const start = observe(vfs)
  opfs.watcher.fault = watching
  const { workload, options } = attempt
  await new Session(opfs, vfs, start, { workload, stamp: STAMP, world, level: options.level }).run()
  opfs.kill()
  return calls
}

async function begin({ disk, seed }: Attempt): Promise<SimulatedOpfs> {
  const image = await disks.get(disk)
  world.begin(seed, START)
  return new SimulatedOpfs({ image })
}

async function inject(attempt: Attempt, injection: Injection): Promise<void> {
  const complain: Complain = (problems, cause) => {
    if (problems.length > 0) throw new FaultFailure(attempt, injection, problems, cause)
  }
  const opfs = await begin(attempt)
  let left = injection.at
  const failNow = (): Fault | undefined => (left-- === 0 ? injection.fault : undefined)
  opfs.watcher.fault = failNow
  const { vfs, refused } = await openDespite(opfs, attempt, complain)
  delete opfs.watcher.fault
  const start = observe(vfs)
  opfs.watcher.fault = failNow
  const { workload } = attempt
  const { level } = attempt.options
  const session = new Session(opfs, vfs, start, {
    workload,
    stamp: STAMP,
    world,
    level,
    faulty: true,
  })
  await session.run()
  delete opfs.watcher.fault
  const { history, failures } = session

  const lost = injection.call.kind === 'flush'
  // What the program sees is what it did, the failed operation left out.
  const now = { operation: history.operation, done: true }
  complain(judgeOpen(history, observe(vfs)))

  // Killed here, or the power cut, nothing acknowledged is lost.
  // A flush that was put off and then failed takes what it covered, and takes it for good if it forgot
  // what was dirty.
  const windowMs = lost ? Infinity : opfsAhp.windowMs
  const forgot = 'losesChanges' in injection.fault
  const past = { history, moment: now, windowMs }
  await expectKept(opfs.image(), forgot ? 'power' : 'kill', past, attempt, complain)
  const loss = new PowerLoss(opfs.image(), { now: Date.now(), settlingMs: opfsAhp.settlingMs })
  if (attempt.disk !== 'empty') {
    const limits = { exhaustiveMax: 2, samples: 2 }
    for (const selection of selections(loss, limits, new SeededRandom(injection.at))) {
      await expectKept(loss.state(selection), 'power', past, attempt, complain)
    }
  }
  // After a failed flush the store says EIO until it is reopened; otherwise it goes on.
  const closed = await closeDespite(vfs, lost, complain)
  if (!refused && failures.length === 0 && closed && !opfsAhp.absorbs(injection.call)) {
    complain(['the fault was reported by no operation'])
  }
  if (closed) complain(await opfsAhp.check(opfs.image()))
}

/** Whether the store closed; after a failed flush it may not. */
async function closeDespite(vfs: Vfs, lost: boolean, complain: Complain): Promise<boolean> {
  try {
    await vfs.close()
    return true
  } catch (error) {
    if (!lost || !(error instanceof VfsError)) complain([`close failed: ${String(error)}`], error)
    return false
  }
}

/** A failed open leaves nothing behind that would keep the next one, in the same tab, from opening. */
async function openDespite(
  opfs: SimulatedOpfs,
  { options }: Attempt,
  complain: Complain,
): Promise<{ vfs: Vfs; refused: boolean }> {
  try {
    return { vfs: await open(opfs, options), refused: false }
  } catch (error) {
    if (!(error instanceof VfsError)) complain([`open threw ${String(error)}`], error)
  }
  try {
    return { vfs: await open(opfs, options), refused: true }
  } catch (error) {
    complain([`the second open failed: ${String(error)}`], error)
    throw error
  }
}

async function expectKept(
  image: DirectoryImage,
  crash: Crash,
  past: { readonly history: History; readonly moment: Moment; readonly windowMs: number },
  { options }: Attempt,
  complain: Complain,
): Promise<void> {
  const opfs = new SimulatedOpfs({ image })
  const vfs = await open(opfs, options).catch((error: unknown) => {
    complain([`after a ${crash} it does not open: ${String(error)}`], error)
    throw error
  })
  const problems = judge(past.history, observe(vfs), past.moment, crash, past.windowMs)
  complain(problems.map((problem) => `after a ${crash}: ${problem}`))
  await vfs.close()
  complain(await opfsAhp.check(opfs.image()))
}

interface Plan {
  readonly name: string
  readonly disk: DiskName
  readonly level: StoreOptions['level']
  readonly share: number
  make(random: SeededRandom): Workload
}

const PLANS: readonly Plan[] = (['strict', 'relaxed'] as const).flatMap((level) => [
  { name: 'short', disk: 'small', level, share: 1, make: aceAtRandom },
  { name: 'long', disk: 'small', level, share: 0.4, make: (random) => mixed(random, 20) },
  { name: 'moves', disk: 'small', level, share: 0.3, make: moves },
  { name: 'first load', disk: 'empty', level, share: 0.1, make: firstLoad },
  { name: 'checkpoints', disk: 'small', level, share: 0.1, make: checkpoints },
])

describe('opfs-ahp when storage fails', () => {
  beforeEach(() => {
    world = new SimulatedWorld(SEED, START)
    world.enter()
    disks = new Disks(opfsAhp, world)
  })
  afterEach(() => world.leave())

  it.each(PLANS)(
    'tells the caller and loses nothing: $name ($level)',
    { timeout: 60_000 + WORKLOADS * 20_000 },
    async ({ name, disk, level, share, make }) => {
      const random = new SeededRandom(SEED)
      let injections = 0
      for (let left = Math.ceil(WORKLOADS * share); left > 0; left--) {
        const options = { level, cacheBytes: random.pick([0, 16_777_216]) }
        const attempt = { disk, options, workload: make(random), seed: random.next() }
        const calls = await callsOf(attempt)
        for (const [at, call] of calls.entries()) {
          for (const fault of faultsOf(call)) {
            await inject(attempt, { at, call, fault })
            injections++
          }
        }
      }
      console.log(`${injections} faults: ${name} (${level})`)
      expect(injections).toBeGreaterThan(0)
    },
  )
})
