import { serveModel } from '@wasm-vfs/core/testing/model'
import { idbTarget } from './idb.target.ts'

serveModel(idbTarget)
