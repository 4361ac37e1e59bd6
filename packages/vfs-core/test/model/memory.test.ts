// The model tests on the memory backend. MODEL_RUNS and MODEL_SEED explore further than a build does:
//   MODEL_RUNS=50000 MODEL_SEED=7 pnpm vitest run --project node packages/vfs-core/test/model

import { runModel, type OperationKind } from '@wasm-vfs/core/testing/model'
import { expect, it } from 'vitest'
import { memoryTarget } from '../conformance/memory.target.ts'

const RUNS = Number(process.env['MODEL_RUNS'] ?? 1000)
const SEED = process.env['MODEL_SEED']

/** Every operation that a target without remounts is given, and whether it can be refused. */
const REFUSABLE: Readonly<Record<Exclude<OperationKind, 'remount'>, boolean>> = {
  lookup: true,
  mkdir: true,
  create: true,
  symlink: true,
  readlink: true,
  link: true,
  unlink: true,
  rmdir: true,
  rename: true,
  readdir: true,
  read: true,
  write: true,
  truncate: true,
  setattr: true,
  acquire: false,
  release: true,
  fsync: false,
  sync: false,
}

it(`memory does what the model does, in ${RUNS} random sequences`, async () => {
  const seed = SEED === undefined ? {} : { seed: Number(SEED) }
  const report = await runModel(memoryTarget, { runs: RUNS, ...seed })
  expect(report.runs).toBe(RUNS)
  // A generator that stopped hitting anything would agree with everything.
  for (const [kind, refusable] of Object.entries(REFUSABLE) as [OperationKind, boolean][]) {
    const { accepted, refused } = report.operations[kind] ?? { accepted: 0, refused: 0 }
    expect(accepted, `${kind} accepted`).toBeGreaterThan(RUNS / 50)
    expect(refused > 0, `${kind} refused`).toBe(refusable)
  }
}, 600_000)
