export { decodeFact, encodeFact, RecordFields, type FactRecord } from './fact-records.ts'
export { CLEAN, DIRTY, emptyTree, inodeFact, TreeBuilder, type Inode, type Tree } from './inode.ts'
export { InodeFs, type DurabilityLevel, type InodeFsParts } from './inode-fs.ts'
export * from './ports.ts'
