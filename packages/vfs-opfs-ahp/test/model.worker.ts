import { serveModel } from '@wasm-vfs/core/testing/model'
import { opfsAhpTarget } from './opfs-ahp.target.ts'

serveModel(opfsAhpTarget)
