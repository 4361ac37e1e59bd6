// Crash enumeration for backends (`@wasm-vfs/core/testing/crash`): workloads run on a store over a
// simulated OPFS, what a crash may leave of them, and the judgement of what a reopened store shows.

export {
  Disks,
  everythingOnStorage,
  SMALL_TREE,
  START,
  TWO_FOLDERS,
  type DiskName,
} from './disks.ts'
export { Explorer, type FollowUp, type Limits } from './explore.ts'
export { exploreFamily, FAMILIES, type Family, type FamilyResult } from './families.ts'
export {
  History,
  type HistoryOptions,
  type Level,
  type Observation,
  type TreeEntry,
} from './history.ts'
export { judge, judgeOpen, type Circumstances, type Crash, type Moment } from './judge.ts'
export { KINDS, type Kind } from './kinds.ts'
export { describeOperation, type Operation, type Workload } from './operations.ts'
export { Recorder, type RecorderOptions } from './recorder.ts'
export { CrashFailure, describeScenario, type Scenario } from './scenario.ts'
export { observe, VfsProgram } from './program.ts'
export { Session, SessionProblem, type Failure, type Point } from './session.ts'
export {
  nameLine,
  NAME_BY_NAME,
  ONE_MOMENT,
  treeLine,
  type NameLoss,
  type TreeStrategy,
} from './strategies.ts'
export type { CrashTarget, Outcome, Program, Refusal, StoreOptions } from './target.ts'
export { shrink } from './shrink.ts'
export * from './workloads.ts'
export { SimulatedWorld } from './world.ts'
export { FaultFailure, FaultOracle, faultsOf, type FaultAttempt } from './faults.ts'
export { failPlan, FAULT_PLANS, type FaultPlan } from './fault-plans.ts'
