import { serveConformance } from '@wasm-vfs/core/testing'
import { memoryTarget } from './memory.target.ts'

serveConformance(memoryTarget)
