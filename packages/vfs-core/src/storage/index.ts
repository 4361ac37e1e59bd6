export { toVfsError, type StorageErrorContext } from './dom-error.ts'
export { takeOwnership, type OwnershipOptions, type ReleaseLock } from './ownership.ts'
