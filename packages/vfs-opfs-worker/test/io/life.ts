// A session at work: carries out a workload, lets the landing take steps between its operations, and takes
// down every moment at which a crash may end it. Called by crash.ts.

import { walk, type Ino } from '@wasm-vfs/core'
import type { Operation, Workload } from '@wasm-vfs/core/testing/crash'
import type { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import { land, type SimulatedSession } from './harness.ts'
import type { Past, Point } from './past.ts'
import { done, perform } from './perform.ts'

/** Between two operations a step of the landing follows another with this chance. */
const CATCH_UP = 0.5
/** The page that a log ends in is written again, in bytes. */
const PAGE = 8192

/** `past` has what the session has found, and is added to. The session is dead afterwards. */
export async function live(
  session: SimulatedSession,
  workload: Workload,
  past: Past,
  random: SeededRandom,
): Promise<Point[]> {
  const { vfs, opfs } = session
  const points: Point[] = []
  const addPoint = (isDone: boolean): void => {
    const operation = past.names.length - 1
    points.push({ image: opfs.image(), operation, done: isDone, now: Date.now() })
  }
  // Between two operations the newest state that the program has seen is the one under way.
  opfs.watcher.changed = () => addPoint(false)
  const held: Ino[] = []
  const lastWrites = new Map<Ino, number>()
  for (const operation of workload) {
    const kind = operation[0]
    const startedAt = Date.now()
    const ino = done(() => walk(vfs, String(operation[1])))
    const acknowledges = kind === 'sync' || (kind === 'fsync' && ino !== undefined)
    if (acknowledges) past.firstSync = Math.min(past.firstSync, past.names.length)
    const performed = perform(vfs, operation, past.names.length, held)
    if (kind === 'sync') await vfs.sync()
    if (performed && ino !== undefined && (kind === 'write' || kind === 'append')) {
      lastWrites.set(ino, lastPageOf(operation, vfs.getattr(ino).size))
    }
    // A wait lets the loop go to sleep, and any request looks at the clock.
    const keeps = kind === 'wait' || (performed && kind === 'fsync')
    past.record(vfs, keeps ? startedAt : -Infinity)
    await session.flush()
    if (kind === 'wait') await session.store.tick()
    if (acknowledges && performed) {
      past.acknowledgements.push({
        operation: past.names.length - 1,
        ino: kind === 'sync' ? undefined : ino,
        time: Date.now(),
        forwardFrom: (ino !== undefined && lastWrites.get(ino)) || 0,
      })
      addPoint(true)
    }
    await catchUp(session, random)
  }
  await land(session)
  opfs.kill()
  return points
}

/** What the I/O worker does when it is not asked for anything. */
async function catchUp({ store }: SimulatedSession, random: SeededRandom): Promise<void> {
  while (store.isBehind && random.chance(CATCH_UP)) await store.catchUp()
}

/** First byte of the last page that a write or an append has reached; `size` is that of the file after it. */
function lastPageOf(operation: Operation, size: number): number {
  const [kind, , at, length] = operation as ['write', string, number, number]
  const [start, end] = kind === 'write' ? [at, at + length] : [size - at, size]
  return Math.max(start, Math.floor((end - 1) / PAGE) * PAGE)
}
