export { encodeLine, type HeaderBody, type LineBody, type LogFormat } from './chained-lines.ts'
export { toVfsError, type StorageErrorContext } from './dom-error.ts'
export { takeOwnership, type OwnershipOptions, type ReleaseLock } from './ownership.ts'
export { TwoSlotLog, type LoadedLog, type LogFile } from './two-slot-log.ts'
