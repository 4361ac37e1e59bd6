// Crash states that failed, on paper: each is made as short as can be, written to a file and named in the
// error, and the file is run again with CRASH_REPLAY. Called by the crash tests and by `pnpm soak`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  CrashFailure,
  Explorer,
  shrink,
  type CrashTarget,
  type Scenario,
  type SimulatedWorld,
} from '../../packages/vfs-core/src/testing/crash/index.ts'
import { ROOT } from '../workspace.ts'

/** CRASH_SHRINK=no: a failure is recorded as it was found. */
const SHRINK = process.env['CRASH_SHRINK'] !== 'no'
/** Not among the temporary files, which end with the test run. */
const FOLDER = join(ROOT, 'soak-results', 'crashes')

/** A crash that broke the promise, and the file that holds its way. */
export class RecordedFailure extends Error {
  readonly file: string

  constructor(target: CrashTarget, failure: CrashFailure, file: string) {
    super(
      `${target.name}: ${failure.message}` +
        `run it again: CRASH_REPLAY=${file} pnpm vitest run --project node ` +
        `packages/vfs-${target.name}/test/crash/crash.test.ts`,
      { cause: failure },
    )
    this.file = file
  }
}

/** Does the work; a CrashFailure is shrunk and recorded and becomes a RecordedFailure. */
export async function withRecord<Result>(
  target: CrashTarget,
  world: SimulatedWorld,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CrashFailure)) throw error
    // The long way is kept first: shrinking may take a while, and may be cut off.
    const file = save(target, error.scenario)
    if (!SHRINK) throw new RecordedFailure(target, error, file)
    const shortest = await shrink(target, world, error.scenario)
    throw new RecordedFailure(target, shortest, save(target, shortest.scenario))
  }
}

function save({ name }: CrashTarget, scenario: Scenario): string {
  mkdirSync(FOLDER, { recursive: true })
  const text = `${JSON.stringify(scenario)}\n`
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const file = join(FOLDER, `${name}-${digest}.json`)
  writeFileSync(file, text)
  return file
}

/** Goes a recorded way again. Throws CrashFailure if it still fails. */
export async function replayFile(
  target: CrashTarget,
  world: SimulatedWorld,
  file: string,
): Promise<void> {
  const scenario = JSON.parse(readFileSync(file, 'utf8')) as Scenario
  await new Explorer(target, world, scenario.seed).replay(scenario)
}
