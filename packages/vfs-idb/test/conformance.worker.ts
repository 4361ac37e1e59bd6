import { serveConformance } from '@wasm-vfs/core/testing'
import { idbTarget } from './idb.target.ts'

serveConformance(idbTarget)
